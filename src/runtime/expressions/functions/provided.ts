import type { Arguments, FunctionDefinition } from '../arguments.js';
import { Fault } from '../fault.js';
import type { ExpressionFunctions, Toolbox } from '../scope.js';

/** The caller's function, or a fault when the place has none: a flow can be checked where there are no secrets. */
function provider<K extends keyof ExpressionFunctions>(
  tools: Toolbox,
  name: K,
): NonNullable<ExpressionFunctions[K]> {
  const provided = tools.scope.functions?.[name];
  if (provided !== undefined) return provided;
  throw new Fault(`"${name}" is not available here`);
}

function optional<K extends string>(args: Arguments, name: K): { [P in K]?: string } {
  const value = args.text(name);
  return value === null ? {} : ({ [name]: value } as { [P in K]: string });
}

function atVersion(args: Arguments): { namespace?: string; version?: number } {
  const version = args.integer('version');
  return { ...optional(args, 'namespace'), ...(version === null ? {} : { version }) };
}

const secret: FunctionDefinition = {
  parameters: ['key', 'namespace', 'subkey'],
  required: 1,
  call: (args, tools) => {
    const key = args.requiredText('key');
    return provider(tools, 'secret')(key, { ...optional(args, 'namespace'), ...optional(args, 'subkey') });
  },
};

/** A key that is missing is an error unless `errorOnMissing=false`, which gives null. */
const kv: FunctionDefinition = {
  parameters: ['key', 'namespace', 'errorOnMissing'],
  required: 1,
  call: async (args, tools) => {
    const key = args.requiredText('key');
    const value = await provider(tools, 'kv')(key, optional(args, 'namespace'));
    if (value !== undefined && value !== null) return value;
    if (args.flag('errorOnMissing') === false) return null;
    throw new Fault(`there is no key "${key}"`, { hint: 'To allow that, write errorOnMissing=false.' });
  },
};

const env: FunctionDefinition = {
  parameters: ['name', 'default'],
  required: 1,
  call: async (args, tools) => {
    const name = args.requiredText('name');
    const value = (await provider(tools, 'env')(name)) ?? args.value('default');
    if (value !== undefined) return value;
    throw new Fault(`the environment variable "${name}" is not set`);
  },
};

function ofFile(name: 'read' | 'fileURI'): FunctionDefinition {
  return {
    parameters: ['path', 'namespace', 'version'],
    required: 1,
    call: (args, tools) => provider(tools, name)(args.requiredText('path'), atVersion(args)),
  };
}

function aboutFile(name: 'fileSize' | 'fileExists' | 'isFileEmpty'): FunctionDefinition {
  return {
    parameters: ['path', 'namespace'],
    required: 1,
    call: (args, tools) => provider(tools, name)(args.requiredText('path'), optional(args, 'namespace')),
  };
}

/** Functions that reach outside the expression; the caller of the evaluation provides each. */
export const PROVIDED_FUNCTIONS: Readonly<Record<string, FunctionDefinition>> = {
  secret,
  kv,
  env,
  read: ofFile('read'),
  fileURI: ofFile('fileURI'),
  fileSize: aboutFile('fileSize'),
  fileExists: aboutFile('fileExists'),
  isFileEmpty: aboutFile('isFileEmpty'),
  errorLogs: { parameters: [], call: (_args, tools) => provider(tools, 'errorLogs')() },
  tasksWithState: {
    parameters: ['state'],
    required: 1,
    call: (args, tools) => provider(tools, 'tasksWithState')(args.requiredText('state')),
  },
};
