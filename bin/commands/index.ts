import type { Command } from '../command.js';
import { apply } from './apply.js';
import { blame } from './blame.js';
import { exportCommand } from './export.js';
import { history } from './history.js';
import { importCommand } from './import.js';
import { plan } from './plan.js';
import { rollback } from './rollback.js';
import { run } from './run.js';
import { schema } from './schema.js';
import { secrets } from './secrets.js';
import { serve } from './serve.js';
import { status } from './status.js';
import { tasks } from './tasks.js';
import { token } from './token.js';
import { validate } from './validate.js';
import { worker } from './worker.js';

/** Every command, in the order help lists them. A new one is a file here and a line below. */
export const commands: readonly Command[] = [
  run,
  plan,
  apply,
  rollback,
  status,
  history,
  blame,
  validate,
  tasks,
  schema,
  exportCommand,
  importCommand,
  secrets,
  serve,
  token,
  worker,
];
