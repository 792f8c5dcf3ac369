import { FlowgitError } from '../../errors.js';
import { ExpressionEvaluator } from './evaluate-expression.js';
import { Fault } from './fault.js';
import { Frames } from './frames.js';
import { Budget, LIMITS } from './limits.js';
import { parseOrReport } from './parse-or-report.js';
import { renderStrings } from './render-strings.js';
import { reportFault } from './report.js';
import type { ExpressionScope, Toolbox } from './scope.js';
import type { Expression, Statement, Template } from './syntax/nodes.js';
import { describeKind, isForbiddenKey, isMap, mapEntries, plainValue } from './values/kinds.js';
import { printValue } from './values/print.js';

export interface EvaluationOptions {
  readonly scope: ExpressionScope;
  readonly property?: string | undefined;
  readonly asText: boolean;
}

interface Surroundings extends EvaluationOptions {
  readonly frames: Frames;
  readonly budget: Budget;
  readonly renderDepth: number;
}

/** The value of a template: typed when it is one print and nothing else, a string otherwise. */
export function evaluateParsed(template: Template, options: EvaluationOptions): Promise<unknown> {
  const frames = new Frames(options.scope.variables);
  return new TemplateEvaluation(template, { ...options, frames, budget: new Budget(), renderDepth: 0 }).run();
}

class TemplateEvaluation {
  readonly #template: Template;
  readonly #around: Surroundings;
  readonly #expressions: ExpressionEvaluator;
  /** What was printed so far; the last is the innermost `{% filter %}`. */
  readonly #outputs: { parts: string[]; length: number }[] = [{ parts: [], length: 0 }];

  constructor(template: Template, around: Surroundings) {
    this.#template = template;
    this.#around = around;
    const tools: Toolbox = {
      scope: around.scope,
      budget: around.budget,
      lookUp: (name) => (around.frames.has(name) ? around.frames.get(name) : undefined),
      variables: () => around.frames.all(),
      render: (value, recursive) =>
        renderStrings(value, recursive, around.budget, (source) => renderOnce(source, around)),
    };
    this.#expressions = new ExpressionEvaluator(around.frames, tools);
  }

  async run(): Promise<unknown> {
    try {
      const only = this.#around.asText ? null : onlyPrint(this.#template.statements);
      if (only !== null) {
        const value = plainValue(await this.#expressions.evaluate(only));
        const isPadded = this.#template.statements.length > 1;
        if (!(isPadded && (typeof value === 'string' || value === null))) return value;
        this.#printSingle(value);
      } else {
        await this.#runAll(this.#template.statements);
      }
      return this.#outputs[0]?.parts.join('') ?? '';
    } catch (error) {
      if (error instanceof FlowgitError) throw error;
      const { source, tags } = this.#template;
      const fault = error instanceof Fault ? error : new Fault(String(error), { cause: error });
      throw reportFault(fault, 'evaluate', { source, tags, property: this.#around.property });
    }
  }

  #printSingle(value: unknown): void {
    for (const statement of this.#template.statements) {
      this.#print(statement.kind === 'text' ? statement.value : printValue(value, this.#around.budget));
    }
  }

  async #runAll(statements: readonly Statement[]): Promise<void> {
    for (const statement of statements) await this.#runOne(statement);
  }

  async #runOne(statement: Statement): Promise<void> {
    this.#around.budget.spend();
    switch (statement.kind) {
      case 'text':
        return this.#print(statement.value);
      case 'print':
        return this.#printExpression(statement.value);
      case 'set':
        if (isForbiddenKey(statement.variable)) throw new Fault(`"${statement.variable}" cannot be set`);
        return this.#around.frames.set(statement.variable, await this.#expressions.evaluate(statement.value));
      case 'if':
        return this.#runIf(statement);
      case 'for':
        return this.#runFor(statement);
      case 'filtered':
        return this.#runFiltered(statement);
    }
  }

  async #printExpression(node: Expression): Promise<void> {
    const value = await this.#expressions.evaluate(node);
    try {
      this.#print(printValue(value, this.#around.budget));
    } catch (error) {
      throw error instanceof Fault ? error.at(node.start) : error;
    }
  }

  async #runIf(statement: Extract<Statement, { kind: 'if' }>): Promise<void> {
    for (const { condition, body } of statement.branches) {
      if (await this.#expressions.isMet(condition)) return this.#runAll(body);
    }
    return this.#runAll(statement.otherwise);
  }

  async #runFor(statement: Extract<Statement, { kind: 'for' }>): Promise<void> {
    const { frames, budget } = this.#around;
    const values = await this.#expressions.evaluate(statement.values);
    if (values === null) return;
    const items = elementsOf(values, statement.values.start);
    if (items.length === 0) return this.#runAll(statement.otherwise);
    frames.push();
    for (const [index, item] of items.entries()) {
      budget.spend();
      const last = items.length - 1;
      const position = { first: index === 0, last: index === last, revindex: last - index };
      frames.declare('loop', { index, length: items.length, ...position });
      frames.declare(statement.variable, item);
      await this.#runAll(statement.body);
    }
    frames.pop();
  }

  async #runFiltered(statement: Extract<Statement, { kind: 'filtered' }>): Promise<void> {
    this.#outputs.push({ parts: [], length: 0 });
    await this.#runAll(statement.body);
    let value: unknown = this.#outputs.pop()?.parts.join('') ?? '';
    for (const { name, args, start } of statement.filters) {
      value = await this.#expressions.applyFilter(value, name, args, start);
    }
    this.#print(printValue(value, this.#around.budget));
  }

  #print(text: string): void {
    const output = this.#outputs.at(-1);
    if (output === undefined) return;
    output.length += text.length;
    this.#around.budget.fits(output.length);
    output.parts.push(text);
  }
}

/** One round of `render(…)`: the text as a template of its own, with the same variables and the same budget. */
async function renderOnce(source: string, around: Surroundings): Promise<string> {
  if (around.renderDepth === LIMITS.renderDepth) throw new Fault('render() is nested too deeply');
  const property = around.property === undefined ? 'render()' : `${around.property}, in render()`;
  const template = parseOrReport(source, property);
  const inner = {
    ...around,
    property,
    asText: true,
    frames: around.frames.fork(),
    renderDepth: around.renderDepth + 1,
  };
  return String(await new TemplateEvaluation(template, inner).run());
}

/** The expression of a template that prints once and holds only white space otherwise. */
function onlyPrint(statements: readonly Statement[]): Expression | null {
  let only: Expression | null = null;
  for (const statement of statements) {
    if (statement.kind === 'print' && only === null) only = statement.value;
    else if (statement.kind !== 'text' || statement.value.trim() !== '') return null;
  }
  return only;
}

function elementsOf(values: unknown, start: number): readonly unknown[] {
  if (Array.isArray(values)) return values;
  if (isMap(values)) return mapEntries(values).map(([key, value]) => ({ key, value }));
  throw new Fault(`a loop needs a list or a map, not ${describeKind(values)}`, {
    offset: start,
    ...(typeof values === 'string' ? { hint: 'Read JSON text with fromJson(…), or split it.' } : {}),
  });
}
