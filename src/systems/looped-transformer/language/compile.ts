/** From the tree of the structured language to SUBLEQ. @module */
import type { SubleqAssembly } from "../assembler/subleq.ts";
import { type Cell, Label, SubleqBuilder } from "./builder.ts";
import { constantOf } from "./parse.ts";
import { type Arithmetic, type ArrayAccess, arrayAccess, comparison, division, multiplication } from "./routines.ts";
import type { BinaryOperator, Condition, Expression, Statement, Syntax } from "./syntax.ts";

/** A compiled program, and the cells through which it speaks. */
export interface CompiledLanguage extends SubleqAssembly {
  /** The number printed last, and how many there were: a change of the count says that there is a new one. */
  readonly output: { readonly value: Cell; readonly count: Cell };
  /**
   * Not 0 where an index was outside of its array: then the number of the array, from 1. What is left of the index is in `index`: below 0 as
   * it was, else less the array's length, plus 1.
   */
  readonly fault: { readonly cell: Cell; readonly arrays: readonly { readonly name: string; readonly index: Cell }[] };
}

/**
 * Compiles a program of the structured language for numbers of `bits`.
 *
 * Expressions are computed into cells: variables and constants are their own, the rest get one a level of nesting. Multiplication,
 * division, comparison and access by a computed index are routines, written once.
 */
export function compileLanguage({ statements, declared }: Syntax, bits: number, file: string): CompiledLanguage {
  return new Compiler(bits, file, declared).compile(statements);
}

class Compiler {
  readonly #builder: SubleqBuilder;
  readonly #variables = new Map<string, Cell>();
  /** Variables whose first value is in memory before the program runs. */
  readonly #initial = new Set<string>();
  readonly #arrays = new Map<string, { first: Cell; length: number; access: ArrayAccess; fault: Label }>();
  readonly #multiply: Arithmetic;
  readonly #divide: Arithmetic;
  readonly #compare: Arithmetic;
  readonly #output: { value: Cell; count: Cell };
  readonly #fault: Cell;
  /** Cells for values in the making, one a level. */
  readonly #temporaries: Cell[] = [];
  #level = 0;

  constructor(bits: number, file: string, declared: Syntax["declared"]) {
    const builder = new SubleqBuilder({ file, line: 1, column: 1 });
    this.#builder = builder;
    for (const [name, { length, place }] of declared) {
      if (length === undefined) this.#variables.set(name, builder.cell(0n, place));
      else {
        const cells = Array.from({ length }, () => builder.cell(0n, place));
        const fault = new Label();
        this.#arrays.set(name, {
          first: cells[0]!,
          length,
          fault,
          access: arrayAccess(builder, cells[0]!, length, fault),
        });
      }
    }
    this.#output = { value: builder.cell(), count: builder.cell() };
    this.#fault = builder.cell();
    this.#multiply = multiplication(builder, bits);
    this.#divide = division(builder, bits);
    this.#compare = comparison(builder);
  }

  compile(statements: readonly Statement[]): CompiledLanguage {
    const builder = this.#builder;
    const end = new Label();
    this.#block(statements.filter((statement) => !this.#isInitial(statement)));
    builder.goTo(end);
    for (const arithmetic of [this.#multiply, this.#divide, this.#compare]) {
      if (arithmetic.routine.used) arithmetic.define();
    }
    const arrays = [...this.#arrays.values()];
    for (const [i, { access, fault }] of arrays.entries()) {
      if (!access.read.used && !access.write.used) continue;
      access.define();
      builder.mark(fault);
      builder.copy(builder.constant(BigInt(i + 1)), this.#fault);
      builder.goTo(end);
    }
    const { program, places, cellPlaces } = builder.build(end);
    return {
      program,
      places,
      cellPlaces,
      labels: new Map(),
      data: [
        ...[...this.#variables].map(([name, cell]) => ({
          name,
          cell,
          shape: [],
          ...(!this.#initial.has(name) && { computed: true }),
        })),
        ...[...this.#arrays].map(([name, { first, length }]) => ({
          name,
          cell: first,
          shape: [length],
          ...(!this.#initial.has(name) && { computed: true }),
        })),
      ],
      output: this.#output,
      fault: {
        cell: this.#fault,
        arrays: [...this.#arrays].map(([name, { access }]) => ({ name, index: access.index })),
      },
    };
  }

  /**
   * Puts the value of an outermost `let` with constants into memory, where it can be set from outside before the program runs. Nothing
   * reads it before, and it runs once.
   */
  #isInitial(statement: Statement): boolean {
    const builder = this.#builder;
    if (statement.kind === "array") {
      const { first } = this.#arrays.get(statement.name)!;
      for (const [i, value] of statement.values.entries()) builder.initialize(first + i, value, statement.place);
      this.#initial.add(statement.name);
      return true;
    }
    const value = statement.kind === "let" ? constantOf(statement.value) : undefined;
    if (statement.kind !== "let" || value === undefined) return false;
    builder.initialize(this.#variables.get(statement.name)!, value, statement.value.place);
    this.#initial.add(statement.name);
    return true;
  }

  #block(statements: readonly Statement[]): void {
    for (const statement of statements) {
      this.#builder.place = statement.place;
      this.#statement(statement);
    }
  }

  #statement(statement: Statement): void {
    const builder = this.#builder;
    switch (statement.kind) {
      case "let":
        this.#assign(this.#variables.get(statement.name)!, statement.value);
        break;
      case "array": {
        const { first } = this.#arrays.get(statement.name)!;
        for (const [i, value] of statement.values.entries())
          builder.copy(builder.constant(value, statement.place), first + i);
        break;
      }
      case "assign":
        if (statement.index) this.#assignElement(statement.name, statement.index, statement.value);
        else this.#assign(this.#variables.get(statement.name)!, statement.value);
        break;
      case "print":
        this.#assign(this.#output.value, statement.value);
        builder.add(builder.constant(1n), this.#output.count);
        break;
      case "if": {
        const [then, otherwise, done] = [new Label(), new Label(), new Label()];
        this.#branch(statement.condition, then, otherwise);
        builder.mark(then);
        this.#block(statement.then);
        builder.goTo(done);
        builder.mark(otherwise);
        this.#block(statement.otherwise);
        builder.mark(done);
        break;
      }
      case "while": {
        const [again, body, done] = [new Label(), new Label(), new Label()];
        builder.mark(again);
        this.#branch(statement.condition, body, done);
        builder.mark(body);
        this.#block(statement.body);
        builder.goTo(again);
        builder.mark(done);
      }
    }
  }

  #assign(to: Cell, expression: Expression): void {
    // Computed aside first, since the expression may read what it is assigned to.
    this.#withValue(expression, (value) => this.#builder.copy(value, to));
  }

  #assignElement(name: string, index: Expression, expression: Expression): void {
    const builder = this.#builder;
    const { first, access } = this.#arrays.get(name)!;
    const constant = constantOf(index);
    if (constant !== undefined) {
      this.#assign(first + Number(constant), expression);
      return;
    }
    this.#withValue(expression, (value) => {
      this.#withValue(index, (at) => {
        builder.copy(at, access.index);
        builder.copy(value, access.value);
        access.write.call();
      });
    });
  }

  /** Computes an expression and hands over the cell that has its value, which may be a variable's own. */
  #withValue(expression: Expression, use: (cell: Cell) => void): void {
    const cell = this.#cellOf(expression);
    if (cell !== undefined) {
      use(cell);
      return;
    }
    const temporary = this.#takeTemporary();
    this.#compute(expression, temporary);
    use(temporary);
    this.#level--;
  }

  #takeTemporary(): Cell {
    if (this.#level === this.#temporaries.length) this.#temporaries.push(this.#builder.cell());
    return this.#temporaries[this.#level++]!;
  }

  /** The cell of an expression that needs no computing. */
  #cellOf(expression: Expression): Cell | undefined {
    const constant = constantOf(expression);
    if (constant !== undefined) return this.#builder.constant(constant, expression.place);
    if (expression.kind === "variable") return this.#variables.get(expression.name)!;
    if (expression.kind !== "element") return undefined;
    const index = constantOf(expression.index);
    return index === undefined ? undefined : this.#arrays.get(expression.name)!.first + Number(index);
  }

  /** Computes an expression that has no cell of its own into a temporary. */
  #compute(expression: Expression, to: Cell): void {
    const builder = this.#builder;
    if (expression.kind === "negation") {
      this.#withValue(expression.operand, (operand) => builder.negate(operand, to));
    }
    if (expression.kind === "element") {
      const { access } = this.#arrays.get(expression.name)!;
      this.#withValue(expression.index, (index) => {
        builder.copy(index, access.index);
        access.read.call();
        builder.copy(access.value, to);
      });
    }
    if (expression.kind === "binary") {
      this.#withValue(expression.left, (left) => {
        this.#withValue(expression.right, (right) => this.#operate(expression.operator, left, right, to));
      });
    }
  }

  #operate(operator: BinaryOperator, left: Cell, right: Cell, to: Cell): void {
    const builder = this.#builder;
    if (operator === "+" || operator === "-") {
      builder.copy(left, to);
      if (operator === "+") builder.add(right, to);
      else builder.subtract(right, to);
      return;
    }
    const arithmetic = operator === "*" ? this.#multiply : this.#divide;
    builder.copy(left, arithmetic.left);
    builder.copy(right, arithmetic.right);
    arithmetic.routine.call();
    builder.copy(operator === "%" ? arithmetic.remainder : arithmetic.result, to);
  }

  /** Goes on at one label where the condition holds, else at the other. */
  #branch(condition: Condition, holds: Label, fails: Label): void {
    if (condition.kind === "not") this.#branch(condition.operand, fails, holds);
    else if (condition.kind === "comparison") this.#branchOnSign(condition, holds, fails);
    else {
      const second = new Label();
      if (condition.kind === "and") this.#branch(condition.left, second, fails);
      else this.#branch(condition.left, holds, second);
      this.#builder.mark(second);
      this.#branch(condition.right, holds, fails);
    }
  }

  /** Compares to -1, 0 or 1, or takes the left side itself where the right one is 0. */
  #branchOnSign(
    { operator, left, right }: Extract<Condition, { kind: "comparison" }>,
    holds: Label,
    fails: Label,
  ): void {
    const builder = this.#builder;
    const decide = (sign: Cell) => {
      const [below, equal, above] = {
        "==": [fails, holds, fails],
        "!=": [holds, fails, holds],
        "<": [holds, fails, fails],
        "<=": [holds, holds, fails],
        ">": [fails, fails, holds],
        ">=": [fails, holds, holds],
      }[operator] as [Label, Label, Label];
      if (below === equal) {
        builder.ifNotPositive(sign, below);
        builder.goTo(above);
        return;
      }
      const notPositive = new Label();
      builder.ifNotPositive(sign, notPositive);
      builder.goTo(above);
      builder.mark(notPositive);
      builder.ifNegative(sign, below, equal);
    };
    this.#withValue(left, (cell) => {
      // Not for a constant on the left, since telling a sign adds 1 to the cell and takes it away again.
      if (constantOf(right) === 0n && constantOf(left) === undefined) {
        decide(cell);
        return;
      }
      this.#withValue(right, (other) => {
        builder.copy(cell, this.#compare.left);
        builder.copy(other, this.#compare.right);
        this.#compare.routine.call();
        decide(this.#compare.result);
      });
    });
  }
}
