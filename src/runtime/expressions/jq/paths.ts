import { isForbiddenKey } from '../values/kinds.js';
import { compareJson, isObject, type JqBudget, JqError, type Json, typeOf } from './values.js';

/** From the outside in: a key of an object, an index of an array, or a slice `{start, end}`. */
export type JqPath = readonly Json[];

const MOST_ELEMENTS = 1_000_000;

/** One step down. What is absent is null. */
export function child(value: Json, key: Json): Json {
  const type = typeOf(value);
  if (type === 'null' && (typeof key === 'string' || typeof key === 'number' || isObject(key))) return null;
  if (isObject(value) && typeof key === 'string') {
    return !isForbiddenKey(key) && Object.hasOwn(value, key) ? (value[key] ?? null) : null;
  }
  if (Array.isArray(value) && typeof key === 'number') return value.at(Math.floor(key)) ?? null;
  if ((Array.isArray(value) || typeof value === 'string') && isObject(key)) {
    const [from, to] = bounds(key, value.length);
    return value.slice(from, to);
  }
  throw new JqError(`${type} cannot be indexed with ${typeof key === 'string' ? `"${key}"` : typeOf(key)}`);
}

export function getPath(value: Json, path: JqPath): Json {
  return path.reduce((inner, key) => (inner === null ? null : child(inner, key)), value);
}

/** A copy of `value` with `change` made at `path`; what is missing on the way is created. */
export function updatePath(value: Json, path: JqPath, budget: JqBudget, change: (old: Json) => Json): Json {
  const [key, ...rest] = path;
  if (path.length === 0) return change(value);
  const inner = updatePath(child(value, key), rest, budget, change);
  budget.spend(sizeOf(value));
  if (typeof key === 'string' && (isObject(value) || value === null)) {
    if (isForbiddenKey(key)) throw new JqError(`the key "${key}" cannot be set`);
    return { ...(value ?? {}), [key]: inner };
  }
  const list = Array.isArray(value) ? value : [];
  if (typeof key === 'number') {
    const index = Math.floor(key) < 0 ? Math.floor(key) + list.length : Math.floor(key);
    if (index < 0 || index > MOST_ELEMENTS) throw new JqError(`the index ${key} is out of range`);
    budget.spend(index);
    const padded = Array.from({ length: Math.max(list.length, index + 1) }, (_, at) => list[at] ?? null);
    return padded.with(index, inner);
  }
  if (!isObject(key) || !Array.isArray(inner)) throw new JqError('a slice can be set to an array only');
  const [from, to] = bounds(key, list.length);
  return list.toSpliced(from, to - from, ...inner);
}

/** Without the values at `paths`. */
export function deletePaths(value: Json, paths: readonly JqPath[], budget: JqBudget): Json {
  const deepestFirst = [...paths].sort((a, b) => -compareJson(a, b, budget));
  return deepestFirst.reduce((rest, path) => deletePath(rest, path, budget), value);
}

function deletePath(value: Json, path: JqPath, budget: JqBudget): Json {
  if (path.length === 0) return null;
  const outer = path.slice(0, -1);
  if (getPath(value, outer) === null) return value;
  return updatePath(value, outer, budget, (parent) => deleteChild(parent, path.at(-1)));
}

function deleteChild(parent: Json, key: Json): Json {
  if (isObject(parent) && typeof key === 'string') {
    return Object.fromEntries(Object.entries(parent).filter(([name]) => name !== key));
  }
  if (Array.isArray(parent) && typeof key === 'number') {
    const index = key < 0 ? key + parent.length : key;
    return parent.filter((_, at) => at !== Math.floor(index));
  }
  if (Array.isArray(parent) && isObject(key)) {
    const [from, to] = bounds(key, parent.length);
    return parent.toSpliced(from, to - from);
  }
  throw new JqError(`nothing can be deleted from ${typeOf(parent)} with ${typeOf(key)}`);
}

function sizeOf(value: Json): number {
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : 1;
}

function bounds(slice: { start?: Json; end?: Json }, length: number): [number, number] {
  const at = (bound: Json, otherwise: number, round: (value: number) => number): number => {
    if (bound === null || bound === undefined) return otherwise;
    if (typeof bound !== 'number') throw new JqError('a slice needs numbers');
    const index = round(bound);
    return Math.min(Math.max(index < 0 ? index + length : index, 0), length);
  };
  const from = at(slice.start, 0, Math.floor);
  return [from, Math.max(from, at(slice.end, length, Math.ceil))];
}
