import { AllowFailure } from './allow-failure.js';
import { EachParallel } from './each-parallel.js';
import { Fail } from './fail.js';
import { ForEach } from './for-each.js';
import { If } from './if.js';
import { Log } from './log.js';
import { Loop } from './loop.js';
import { OutputValues } from './output-values.js';
import { Parallel } from './parallel.js';
import { Pause } from './pause.js';
import { Return } from './return.js';
import { Sequential } from './sequential.js';
import { Switch } from './switch.js';
import { WorkingDirectory } from './working-directory.js';

/** The engine's own tasks: control flow and the small ones that stand beside git tasks. */
export const coreTasks = [
  AllowFailure,
  EachParallel,
  Fail,
  ForEach,
  If,
  Log,
  Loop,
  OutputValues,
  Parallel,
  Pause,
  Return,
  Sequential,
  Switch,
  WorkingDirectory,
] as const;

export {
  AllowFailure,
  EachParallel,
  Fail,
  ForEach,
  If,
  Log,
  Loop,
  OutputValues,
  Parallel,
  Pause,
  Return,
  Sequential,
  Switch,
  WorkingDirectory,
};
