/** `hold-out` as `holdOut`. */
type Camel<Key extends string> = Key extends `${infer Head}-${infer Rest}` ? `${Head}${Capitalize<Camel<Rest>>}` : Key;

/** A document with the keys of all its objects in camel case. */
export type CamelKeys<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [Key in keyof T as Key extends string ? Camel<Key> : never]: CamelKeys<T[Key]> }
    : T;

/** A document of plain objects with `group-lasso` written as `groupLasso`, and so all other keys. */
export function camelKeys<T>(document: T): CamelKeys<T> {
  if (document === null || typeof document !== "object" || Array.isArray(document)) return document as CamelKeys<T>;
  const camel = (key: string) => key.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(
    Object.entries(document).map(([key, value]) => [camel(key), camelKeys(value)]),
  ) as CamelKeys<T>;
}
