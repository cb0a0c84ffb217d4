import { useEffect, useState } from "preact/hooks";
import { ask } from "./api.ts";

/** What was asked for: nothing yet, an answer, or why there is none. */
export interface Loaded<T> {
  readonly data?: T;
  readonly error?: string;
}

/**
 * What the API says at `path`, asked again when the path changes and, with `everyMs`, now and then while the page is seen.
 * The last answer stays while a new one is awaited.
 *
 * @param path - null asks nothing
 */
export function useData<T>(path: string | null, everyMs?: number): Loaded<T> {
  const [loaded, setLoaded] = useState<Loaded<T> & { path?: string | null }>({});
  useEffect(() => {
    if (path === null) return setLoaded({});
    let current = true;
    const load = () =>
      ask<T>(path).then(
        (data) => current && setLoaded({ data, path }),
        (error: Error) => current && setLoaded({ error: error.message, path }),
      );
    void load();
    const timer = everyMs && setInterval(() => document.visibilityState === "visible" && void load(), everyMs);
    return () => {
      current = false;
      clearInterval(timer || undefined);
    };
  }, [path, everyMs]);
  return loaded.path === path ? loaded : {};
}
