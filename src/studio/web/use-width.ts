import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** The width of an element in pixels, as it changes; `start` until it is known. */
export function useWidth<E extends HTMLElement>(start: number): [place: RefObject<E | null>, width: number] {
  const place = useRef<E>(null);
  const [width, setWidth] = useState(start);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const watch = new ResizeObserver(() => setWidth(element.clientWidth));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return [place, width];
}
