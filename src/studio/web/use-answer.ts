import { useEffect, useState } from "preact/hooks";
import { post } from "./api.ts";

/** What was asked with a body: the last answer, why there is none, and whether one is awaited. */
export interface Answered<T> {
  readonly data?: T;
  readonly error?: string;
  readonly isWorking: boolean;
}

/**
 * What the API answers to a JSON body, asked anew when the body or the path changes; a question that is no longer asked is taken
 * back. The last answer stays while a new one is awaited.
 *
 * @param body - null asks nothing
 */
export function useAnswer<T>(path: string, body: unknown): Answered<T> {
  const [answered, setAnswered] = useState<Answered<T>>({ isWorking: body !== null });
  const key = JSON.stringify(body);
  useEffect(() => {
    if (body === null) return setAnswered({ isWorking: false });
    const asked = new AbortController();
    setAnswered((before) => ({ ...before, isWorking: true }));
    post<T>(path, body, asked.signal).then(
      (data) => !asked.signal.aborted && setAnswered({ data, isWorking: false }),
      (error: Error) => !asked.signal.aborted && setAnswered({ error: error.message, isWorking: false }),
    );
    return () => asked.abort();
  }, [path, key]);
  return answered;
}
