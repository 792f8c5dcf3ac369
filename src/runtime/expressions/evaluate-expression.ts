import { FlowgitError } from '../../errors.js';
import { type Arguments, bindArguments, type Signature } from './arguments.js';
import { Fault, UndefinedNameFault } from './fault.js';
import { findFilter } from './filters/index.js';
import type { Frames } from './frames.js';
import { findFunction } from './functions/index.js';
import { createRange } from './functions/range.js';
import type { Toolbox } from './scope.js';
import type { BinaryOperator, CallArguments, Expression } from './syntax/nodes.js';
import { findTest } from './tests.js';
import { pathOf, readAttribute } from './values/access.js';
import { calculate, joinText } from './values/arithmetic.js';
import { compare, contains, isEqual, isIn, isTrue } from './values/compare.js';
import { isForbiddenKey, plainValue, walkOf } from './values/kinds.js';
import { printValue } from './values/print.js';
import { matchesWhole } from './values/regex.js';

type Node<K extends Expression['kind']> = Extract<Expression, { kind: K }>;

/** Evaluates expressions against one set of variables. Nodes run in order, one at a time. */
export class ExpressionEvaluator {
  readonly #frames: Frames;
  readonly #tools: Toolbox;

  constructor(frames: Frames, tools: Toolbox) {
    this.#frames = frames;
    this.#tools = tools;
  }

  /** The value of a node. Failures that are not flowgit's own become faults at the node. */
  async evaluate(node: Expression): Promise<unknown> {
    try {
      this.#tools.budget.spend();
      return await this.#evaluateNode(node);
    } catch (error) {
      throw placed(error, node.start);
    }
  }

  /** Whether a condition holds. */
  async isMet(node: Expression): Promise<boolean> {
    const value = await this.evaluate(node);
    try {
      return isTrue(value);
    } catch (error) {
      throw placed(error, node.start);
    }
  }

  /** `value | name(args)`. */
  async applyFilter(value: unknown, name: string, args: CallArguments, start: number): Promise<unknown> {
    try {
      const filter = findFilter(name);
      const bound = await this.#bind(name, filter, args);
      this.#pay(value);
      if (value === null && filter.takesNull !== true) return null;
      return this.#measured(await filter.apply(value, bound, this.#tools));
    } catch (error) {
      throw placed(error, start);
    }
  }

  async #evaluateNode(node: Expression): Promise<unknown> {
    switch (node.kind) {
      case 'literal':
        return node.value;
      case 'variable':
        return this.#frames.get(node.name) ?? null;
      case 'attribute': {
        const target = await this.evaluate(node.target);
        const key = await this.evaluate(node.key);
        return readAttribute(target, key, pathOf(node.target)) ?? null;
      }
      case 'call': {
        const definition = findFunction(node.name);
        const args = await this.#bind(node.name, definition, node.args);
        return this.#measured(await definition.call(args, this.#tools));
      }
      case 'filter':
        return this.#evaluateFilter(node);
      case 'test':
        return this.#evaluateTest(node);
      case 'unary': {
        const value = await this.evaluate(node.operand);
        if (node.operator === 'not') return !isTrue(value);
        return calculate('*', node.operator === '-' ? -1 : 1, value, this.#tools.budget);
      }
      case 'binary':
        return this.#evaluateBinary(node);
      case 'conditional':
        return this.evaluate(isTrue(await this.evaluate(node.condition)) ? node.yes : node.otherwise);
      case 'list':
        return this.#evaluateList(node);
      case 'map':
        return this.#evaluateMap(node);
      case 'interpolation':
        return this.#evaluateInterpolation(node);
    }
  }

  async #evaluateFilter(node: Node<'filter'>): Promise<unknown> {
    const input = node.name === 'default' ? await this.#orNull(node.input) : await this.evaluate(node.input);
    return this.applyFilter(input, node.name, node.args, node.nameStart);
  }

  async #evaluateTest(node: Node<'test'>): Promise<boolean> {
    const test = findTest(node.name);
    const input =
      test.forgivesUndefined === true ? await this.#orNull(node.input) : await this.evaluate(node.input);
    const args = await this.#bind(node.name, test, node.args);
    return test.holds(input, args, this.#tools) !== node.negated;
  }

  async #evaluateBinary(node: Node<'binary'>): Promise<unknown> {
    const { operator } = node;
    if (operator === '??') return (await this.#orNull(node.left)) ?? this.evaluate(node.right);
    if (operator === '???') return this.#orElse(node.left, node.right);
    const left = await this.evaluate(node.left);
    if (operator === 'or') return isTrue(left) || isTrue(await this.evaluate(node.right));
    if (operator === 'and') return isTrue(left) && isTrue(await this.evaluate(node.right));
    return this.#combine(operator, left, await this.evaluate(node.right));
  }

  #combine(
    operator: Exclude<BinaryOperator, 'or' | 'and' | '??' | '???'>,
    left: unknown,
    right: unknown,
  ): unknown {
    const { budget } = this.#tools;
    if (operator !== '~' && operator !== '+') {
      this.#pay(left);
      this.#pay(right);
    }
    switch (operator) {
      case '==':
        return isEqual(left, right, budget);
      case '!=':
        return !isEqual(left, right, budget);
      case '<':
        return (compare(left, right) ?? 0) < 0;
      case '>':
        return (compare(left, right) ?? 0) > 0;
      case '<=':
        return (compare(left, right) ?? 1) <= 0;
      case '>=':
        return (compare(left, right) ?? -1) >= 0;
      case 'contains':
        return contains(left, right, budget);
      case 'in':
        return isIn(left, right, budget);
      case 'not in':
        return !isIn(left, right, budget);
      case 'matches':
        return matchesWhole(left, right, budget);
      case '~':
        return joinText(left, right, budget);
      case '..':
        return createRange(left, right, 1, budget);
      default:
        return calculate(operator, left, right, budget);
    }
  }

  async #evaluateList(node: Node<'list'>): Promise<unknown[]> {
    const items: unknown[] = [];
    for (const item of node.items) items.push(plainValue(await this.evaluate(item)));
    return items;
  }

  async #evaluateMap(node: Node<'map'>): Promise<Record<string, unknown>> {
    const map: Record<string, unknown> = {};
    for (const entry of node.entries) {
      const key = printValue(await this.evaluate(entry.key), this.#tools.budget);
      if (isForbiddenKey(key)) throw new Fault(`a map cannot have the key "${key}"`).at(entry.key.start);
      map[key] = plainValue(await this.evaluate(entry.value));
    }
    return map;
  }

  async #evaluateInterpolation(node: Node<'interpolation'>): Promise<string> {
    let text = '';
    for (const part of node.parts) text = joinText(text, await this.evaluate(part), this.#tools.budget);
    return text;
  }

  async #bind(callee: string, signature: Signature, args: CallArguments): Promise<Arguments> {
    const positional: unknown[] = [];
    for (const value of args.positional) positional.push(this.#pay(plainValue(await this.evaluate(value))));
    const named: { name: string; value: unknown; start: number }[] = [];
    for (const { name, value, start } of args.named) {
      named.push({ name, value: this.#pay(plainValue(await this.evaluate(value))), start });
    }
    return bindArguments(callee, signature, positional, named);
  }

  /** The value, or null when a name in it is not defined. */
  async #orNull(node: Expression): Promise<unknown> {
    try {
      return await this.evaluate(node);
    } catch (error) {
      if (error instanceof UndefinedNameFault) return null;
      throw error;
    }
  }

  /** `left ??? right`: right only when left is not defined; null counts as defined. */
  async #orElse(left: Expression, right: Expression): Promise<unknown> {
    try {
      return await this.evaluate(left);
    } catch (error) {
      if (error instanceof UndefinedNameFault) return this.evaluate(right);
      throw error;
    }
  }

  /** Pays for a walk over a large value, which a filter, a function or an operator may make. */
  #pay(value: unknown): unknown {
    const walk = walkOf(value);
    if (walk > 0) this.#tools.budget.spend(walk);
    return value;
  }

  #measured(value: unknown): unknown {
    if (typeof value === 'string') this.#tools.budget.fits(value.length);
    else if (Array.isArray(value)) this.#tools.budget.spend(value.length);
    return value ?? null;
  }
}

function placed(error: unknown, offset: number): unknown {
  if (error instanceof Fault) return error.at(offset);
  if (error instanceof FlowgitError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new Fault(message, { offset, cause: error });
}
