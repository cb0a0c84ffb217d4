/** Programs of the structured language run directly: what compiled ones are compared with. @module */
import { RunError } from "../../../core/index.ts";
import { placeName } from "../source.ts";
import type { Condition, Expression, Statement, Syntax } from "./syntax.ts";

/** What a program leaves behind. */
export interface Evaluation {
  readonly variables: ReadonlyMap<string, bigint | readonly bigint[]>;
  readonly printed: readonly bigint[];
}

/** Options of {@link evaluate}. */
export interface EvaluateOptions {
  /** Bits of a number: values wrap around. */
  readonly bits: number;
  /** Statements and rounds of loops after which it gives up. */
  readonly maxSteps?: number;
}

/**
 * Runs a program. Numbers wrap around to `bits`; quotients are rounded towards 0; x / 0 is 0 and x % 0 is x.
 *
 * @throws {RunError} for an index outside of its array, and for programs that do not end
 */
export function evaluate({ statements }: Syntax, { bits, maxSteps = 1_000_000 }: EvaluateOptions): Evaluation {
  const variables = new Map<string, bigint>();
  const arrays = new Map<string, bigint[]>();
  const printed: bigint[] = [];
  let steps = 0;
  const tick = ({ place }: Statement) => {
    if (++steps <= maxSteps) return;
    throw new RunError({
      where: placeName(place),
      expected: "a program that ends",
      found: `more than ${maxSteps} steps`,
    });
  };
  const wrap = (value: bigint) => BigInt.asIntN(bits, value);

  const element = (name: string, index: Expression): [bigint[], number] => {
    const array = arrays.get(name)!;
    const at = value(index);
    if (at < 0n || at >= BigInt(array.length)) {
      const expected = `an index from 0 to ${array.length - 1} of ${name}`;
      throw new RunError({ where: placeName(index.place), expected, found: `${at}` });
    }
    return [array, Number(at)];
  };

  const value = (expression: Expression): bigint => {
    switch (expression.kind) {
      case "number":
        return wrap(expression.value);
      case "variable":
        return variables.get(expression.name) ?? 0n;
      case "element": {
        const [array, at] = element(expression.name, expression.index);
        return array[at]!;
      }
      case "negation":
        return wrap(-value(expression.operand));
      case "binary": {
        const [left, right] = [value(expression.left), value(expression.right)];
        switch (expression.operator) {
          case "+":
            return wrap(left + right);
          case "-":
            return wrap(left - right);
          case "*":
            return wrap(left * right);
          case "/":
            return right === 0n ? 0n : wrap(left / right);
          case "%":
            return right === 0n ? left : left % right;
        }
      }
    }
  };

  const holds = (condition: Condition): boolean => {
    switch (condition.kind) {
      case "not":
        return !holds(condition.operand);
      case "and":
        return holds(condition.left) && holds(condition.right);
      case "or":
        return holds(condition.left) || holds(condition.right);
      case "comparison": {
        const [left, right] = [value(condition.left), value(condition.right)];
        const { operator } = condition;
        if (operator === "==") return left === right;
        if (operator === "!=") return left !== right;
        if (operator === "<") return left < right;
        if (operator === "<=") return left <= right;
        return operator === ">" ? left > right : left >= right;
      }
    }
  };

  const run = (block: readonly Statement[]): void => {
    for (const statement of block) {
      tick(statement);
      switch (statement.kind) {
        case "let":
          variables.set(statement.name, value(statement.value));
          break;
        case "array":
          arrays.set(statement.name, statement.values.map(wrap));
          break;
        case "assign": {
          if (statement.index === undefined) variables.set(statement.name, value(statement.value));
          else {
            const right = value(statement.value);
            const [array, at] = element(statement.name, statement.index);
            array[at] = right;
          }
          break;
        }
        case "if":
          run(holds(statement.condition) ? statement.then : statement.otherwise);
          break;
        case "while":
          while (holds(statement.condition)) {
            tick(statement);
            run(statement.body);
          }
          break;
        case "print":
          printed.push(value(statement.value));
      }
    }
  };
  run(statements);
  return { variables: new Map<string, bigint | bigint[]>([...variables, ...arrays]), printed };
}
