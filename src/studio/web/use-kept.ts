import { useRef } from "preact/hooks";

/** The last value that was there, so that a page does not jump while the next is awaited; forgotten when `owner` changes. */
export function useKept<T>(value: T | undefined, owner: string): T | undefined {
  const kept = useRef<{ readonly owner: string; readonly value: T | undefined }>({ owner, value });
  if (value !== undefined || kept.current.owner !== owner) kept.current = { owner, value };
  return kept.current.value;
}
