import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";

/**
 * Keeps the keyboard where it was: when an element of `area` that has the focus goes away with a change, `place` gets the focus.
 *
 * @param change - what elements come and go with
 */
export function useKeptFocus<A extends HTMLElement, P extends HTMLElement>(
  change: unknown,
): { readonly area: RefObject<A | null>; readonly place: RefObject<P | null> } {
  const area = useRef<A>(null);
  const place = useRef<P>(null);
  const wasInside = useRef(false);
  useEffect(() => {
    const watch = (event: FocusEvent) => {
      wasInside.current = area.current?.contains(event.target as Node) ?? false;
    };
    document.addEventListener("focusin", watch);
    return () => document.removeEventListener("focusin", watch);
  }, []);
  useEffect(() => {
    if (wasInside.current && document.activeElement === document.body) place.current?.focus();
  }, [change]);
  return { area, place };
}
