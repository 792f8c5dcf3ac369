import type { FunctionDefinition } from '../arguments.js';
import { Fault } from '../fault.js';
import { readAttribute } from '../values/access.js';
import { compare } from '../values/compare.js';
import { describeKind, isMap, numberOf } from '../values/kinds.js';
import { writeJson } from '../values/print.js';

const fromJson: FunctionDefinition = {
  parameters: ['json'],
  required: 1,
  call: (args) => {
    const text = args.value('json') ?? null;
    if (text === null) return null;
    if (typeof text !== 'string') throw new Fault(`"fromJson" needs a string, not ${describeKind(text)}`);
    try {
      return JSON.parse(text, withoutPrototype);
    } catch {
      throw new Fault('the text is not JSON');
    }
  },
};

const yaml: FunctionDefinition = {
  parameters: ['yaml'],
  required: 1,
  call: async (args) => {
    const { parse } = await import('yaml');
    try {
      const value: unknown = parse(args.requiredText('yaml'), withoutPrototype, { logLevel: 'error' });
      return value;
    } catch {
      throw new Fault('the text is not YAML');
    }
  },
};

/** A key `__proto__` would change the prototype of what a caller copies the value into. */
function withoutPrototype(key: unknown, value: unknown): unknown {
  return key === '__proto__' ? undefined : value;
}

/** The largest or the smallest argument. */
function extreme(sign: 1 | -1): FunctionDefinition {
  return {
    parameters: [],
    variadic: true,
    call: (args) => {
      const [first = null, ...others] = args.rest;
      return others.reduce(
        (best, candidate) => ((compare(candidate, best) ?? 0) * sign > 0 ? candidate : best),
        first,
      );
    },
  };
}

/** `render('{{ … }}')`: the strings inside a value, rendered again and again, or once with `renderOnce`. */
function render(recursiveByDefault: boolean): FunctionDefinition {
  return {
    parameters: recursiveByDefault ? ['toRender', 'recursive'] : ['toRender'],
    required: 1,
    call: (args, tools) =>
      tools.render(args.value('toRender') ?? null, recursiveByDefault && args.flag('recursive') !== false),
  };
}

const error: FunctionDefinition = {
  parameters: ['message'],
  call: (args) => {
    throw new Fault(args.text('message') ?? 'the flow asked for an error');
  },
};

/** The output of a task for the turn of the loop that is running, found by the values of all loops around it. */
const currentEachOutput: FunctionDefinition = {
  parameters: ['outputs'],
  required: 1,
  call: (args, tools) => {
    const parents = tools.lookUp('parents');
    const around = Array.isArray(parents) ? [...parents].reverse() : [];
    const turns = [
      ...around.map((parent: unknown) => taskrunValue(parent)),
      loopValue(tools.lookUp('taskrun')),
    ];
    return turns
      .filter((turn) => turn !== undefined)
      .reduce((outputs, turn) => readAttribute(outputs, turn, 'the outputs'), args.value('outputs'));
  },
};

function taskrunValue(parent: unknown): unknown {
  return isMap(parent) && !(parent instanceof Map) ? loopValue(parent.taskrun) : undefined;
}

function loopValue(taskrun: unknown): unknown {
  const value = isMap(taskrun) && !(taskrun instanceof Map) ? taskrun.value : undefined;
  return typeof value === 'string' || numberOf(value) !== null ? value : undefined;
}

const context: FunctionDefinition = { parameters: [], call: (_args, tools) => tools.variables() };

export const DATA_FUNCTIONS: Readonly<Record<string, FunctionDefinition>> = {
  fromJson,
  json: fromJson,
  toJson: {
    parameters: ['value'],
    required: 1,
    call: (args, { budget }) => writeJson(args.value('value'), budget),
  },
  yaml,
  max: extreme(1),
  min: extreme(-1),
  render: render(true),
  renderOnce: render(false),
  error,
  currentEachOutput,
  printContext: context,
  fetchContext: context,
};
