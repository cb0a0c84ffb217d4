/** The structured language as a tree. @module */
import type { Place } from "../source.ts";

/** Signs between two expressions. */
export type BinaryOperator = "+" | "-" | "*" | "/" | "%";

/** Signs between two expressions that give a condition. */
export type Comparison = "==" | "!=" | "<" | "<=" | ">" | ">=";

/** A whole number in the making. */
export type Expression = { readonly place: Place } & (
  | { readonly kind: "number"; readonly value: bigint }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "element"; readonly name: string; readonly index: Expression }
  | { readonly kind: "negation"; readonly operand: Expression }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
);

/** What `if` and `while` ask. */
export type Condition = { readonly place: Place } & (
  | {
      readonly kind: "comparison";
      readonly operator: Comparison;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: "not"; readonly operand: Condition }
  | { readonly kind: "and" | "or"; readonly left: Condition; readonly right: Condition }
);

/** One statement. */
export type Statement = { readonly place: Place } & (
  | { readonly kind: "let"; readonly name: string; readonly value: Expression }
  | { readonly kind: "array"; readonly name: string; readonly values: readonly bigint[] }
  | {
      readonly kind: "assign";
      readonly name: string;
      readonly index: Expression | undefined;
      readonly value: Expression;
    }
  | {
      readonly kind: "if";
      readonly condition: Condition;
      readonly then: readonly Statement[];
      readonly otherwise: readonly Statement[];
    }
  | { readonly kind: "while"; readonly condition: Condition; readonly body: readonly Statement[] }
  | { readonly kind: "print"; readonly value: Expression }
);

/** A variable or an array, by name. */
export interface Declared {
  /** Elements, or nothing for a variable. */
  readonly length: number | undefined;
  readonly place: Place;
}

/** A whole program. */
export interface Syntax {
  readonly statements: readonly Statement[];
  readonly declared: ReadonlyMap<string, Declared>;
}
