import type { InputDefinition } from '../../schemas/flow.js';
import { InvalidPropertiesError } from '../errors.js';
import type { Redactor } from '../redaction.js';
import type { OutputFiles } from './context.js';
import type { ExpressionScope } from './expressions/index.js';
import { nearestName } from './expressions/nearest.js';
import { checkInputValue } from './input-bounds.js';
import { InputFault, readInputValue } from './input-types.js';
import { isTruthy, renderValue } from './render-value.js';

export interface InputsOptions {
  flowId: string;
  /** What expressions in defaults, choices and conditions see when these inputs are known. */
  scope: (inputs: Readonly<Record<string, unknown>>) => ExpressionScope;
  redactor: Redactor;
  outputFiles: OutputFiles;
}

/**
 * The values a flow starts with: given ones read as their types, defaults for the rest. An input whose `dependsOn` does
 * not hold is left out. An id with dots makes a map (`a.b` is `inputs.a.b`).
 * @throws InvalidPropertiesError that names every input with a problem
 */
export async function resolveInputs(
  definitions: readonly InputDefinition[],
  given: Readonly<Record<string, unknown>>,
  options: InputsOptions,
): Promise<Record<string, unknown>> {
  const resolution = new Resolution(definitions, given, options);
  for (const name of Object.keys(given)) resolution.checkKnown(name);
  for (const definition of definitions) await resolution.resolve(definition);
  if (resolution.problems.length === 0) return nested(resolution.values);
  const list = resolution.problems.map(({ input, message }) => `input "${input}" ${message}`);
  throw new InvalidPropertiesError(options.redactor.redact(`Flow "${options.flowId}": ${list.join('; ')}.`), {
    hint: 'Give values with --input NAME=VALUE.',
    data: { problems: resolution.problems },
  });
}

class Resolution {
  readonly values = new Map<string, unknown>();
  readonly problems: { input: string; message: string }[] = [];
  readonly #state = new Map<string, 'open' | 'resolved' | 'absent'>();
  readonly #definitions: ReadonlyMap<string, InputDefinition>;
  readonly #given: Readonly<Record<string, unknown>>;
  readonly #options: InputsOptions;

  constructor(
    definitions: readonly InputDefinition[],
    given: Readonly<Record<string, unknown>>,
    options: InputsOptions,
  ) {
    this.#definitions = new Map(definitions.map((definition) => [idOf(definition), definition]));
    this.#given = given;
    this.#options = options;
  }

  checkKnown(name: string): void {
    if (this.#definitions.has(name)) return;
    const nearest = nearestName(name, this.#definitions.keys());
    const hint = nearest === null ? '' : `; did you mean "${nearest}"?`;
    this.problems.push({ input: name, message: `is not an input of this flow${hint}` });
  }

  /** Resolves an input after the ones it depends on. */
  async resolve(definition: InputDefinition): Promise<void> {
    const id = idOf(definition);
    if (this.#state.has(id)) return;
    this.#state.set(id, 'open');
    try {
      if (await this.#isWanted(definition)) {
        this.values.set(id, await this.#value(definition));
        this.#state.set(id, 'resolved');
      } else {
        this.#state.set(id, 'absent');
      }
    } catch (error) {
      this.#state.set(id, 'absent');
      this.problems.push({ input: id, message: faultMessage(error) });
    }
  }

  async #isWanted(definition: InputDefinition): Promise<boolean> {
    for (const name of definition.dependsOn?.inputs ?? []) {
      const other = this.#definitions.get(name);
      if (other === undefined || other === definition) continue;
      if (this.#state.get(name) === 'open') throw new InputFault(`depends on "${name}", which depends on it`);
      await this.resolve(other);
      // Left out, or faulty, which is said for the other one already.
      if (this.#state.get(name) === 'absent') return false;
    }
    const condition = definition.dependsOn?.condition;
    return (
      condition === undefined || isTruthy(await renderValue(condition, this.#scope(), 'dependsOn.condition'))
    );
  }

  async #value(definition: InputDefinition): Promise<unknown> {
    const id = idOf(definition);
    const given = Object.hasOwn(this.#given, id) ? this.#given[id] : undefined;
    // Only what the flow says is rendered: a value from outside must not be able to ask for secrets.
    const value = given ?? (await this.#fallback(definition));
    if (value === undefined || value === null) {
      if (definition.required) throw new InputFault('is required');
      return null;
    }
    return this.#read(definition, value);
  }

  async #read(definition: InputDefinition, value: unknown): Promise<unknown> {
    if (definition.type.toUpperCase() === 'SECRET') this.#options.redactor.register(String(value));
    const stored =
      value instanceof Uint8Array
        ? await this.#options.outputFiles.write(`inputs/${idOf(definition)}`, value, { verbatim: true })
        : value;
    const read = readInputValue(definition.type, stored, definition.itemType);
    checkInputValue(definition, read, await this.#choices(definition));
    return read;
  }

  async #fallback(definition: InputDefinition): Promise<unknown> {
    const fallback = definition.defaults ?? definition.prefill;
    return renderValue(fallback, this.#scope(), `inputs.${idOf(definition)}.defaults`);
  }

  async #choices(definition: InputDefinition): Promise<readonly unknown[] | null> {
    if (definition.values !== undefined) return definition.values;
    if (definition.expression === undefined) return null;
    const choices = await renderValue(definition.expression, this.#scope(), 'expression');
    return readInputValue('ARRAY', choices) as unknown[];
  }

  #scope(): ExpressionScope {
    return this.#options.scope(nested(this.values));
  }
}

function idOf(definition: InputDefinition): string {
  return definition.id ?? definition.name ?? '';
}

function faultMessage(error: unknown): string {
  if (error instanceof InputFault) return error.message;
  return `cannot be resolved: ${error instanceof Error ? error.message : String(error)}`;
}

function nested(values: ReadonlyMap<string, unknown>): Record<string, unknown> {
  const result = emptyMap();
  for (const [id, value] of values) {
    const names = id.split('.');
    const last = names.pop() ?? id;
    let node = result;
    for (const name of names) {
      const below = node[name];
      const next = isMap(below) ? below : emptyMap();
      node[name] = next;
      node = next;
    }
    node[last] = value;
  }
  return result;
}

function emptyMap(): Record<string, unknown> {
  return Object.create(null) as Record<string, unknown>;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === null;
}
