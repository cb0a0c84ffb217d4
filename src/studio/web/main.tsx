import { render } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { LocationProvider, lazy, Route, Router, useLocation } from "preact-iso";
import "uplot/dist/uPlot.min.css";
import "./style.css";
import "./live/live.css";
import { rooms } from "./rooms.ts";

const RunsPage = lazy(() => import("./pages/runs.tsx").then((page) => page.RunsPage));
const RunPage = lazy(() => import("./pages/run.tsx").then((page) => page.RunPage));
const ComparePage = lazy(() => import("./pages/compare.tsx").then((page) => page.ComparePage));
const RoomPage = lazy(() => import("./pages/room.tsx").then((page) => page.RoomPage));

function Menu() {
  const { path } = useLocation();
  const link = (to: string, text: string) => (
    <li>
      <a href={to} aria-current={path === to ? "page" : undefined}>
        {text}
      </a>
    </li>
  );
  return (
    <>
      <ul>
        {link("/", "Runs")}
        {link("/compare", "Compare")}
      </ul>
      <h2 class="menu-title">Methods</h2>
      <ul>{rooms.map(({ command, name }) => link(`/rooms/${command}`, name))}</ul>
    </>
  );
}

/** On small screens the menu opens by a button; going somewhere closes it. */
function Header() {
  const { path } = useLocation();
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    if (details.current) details.current.open = false;
  }, [path]);
  return (
    <header class="bar">
      <a class="name" href="/">
        Tenfold
      </a>
      <nav class="side" aria-label="Studio">
        <Menu />
      </nav>
      <details class="drop" ref={details}>
        <summary>Menu</summary>
        <nav aria-label="Studio, small screens">
          <Menu />
        </nav>
      </details>
    </header>
  );
}

function NotFound() {
  return (
    <>
      <h1>Nothing is here</h1>
      <p>
        This address leads nowhere. <a href="/">The list of runs</a> is a good place to go on from.
      </p>
    </>
  );
}

/** After a change of page, reading goes on at its top. */
function toTop() {
  const main = document.querySelector("main");
  main?.focus({ preventScroll: true });
  scrollTo(0, 0);
}

function Studio() {
  return (
    <LocationProvider>
      <a class="skip" href="#main">
        Skip to the page
      </a>
      <Header />
      <main id="main" tabIndex={-1}>
        <Router onRouteChange={toTop}>
          <Route path="/" component={RunsPage} />
          <Route path="/compare" component={ComparePage} />
          <Route path="/runs/:id" component={RunPage} />
          <Route path="/rooms/:command" component={RoomPage} />
          <Route default component={NotFound} />
        </Router>
      </main>
    </LocationProvider>
  );
}

const root = document.getElementById("studio");
if (root) {
  root.textContent = "";
  render(<Studio />, root);
}
