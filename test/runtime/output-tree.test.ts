import { describe, expect, it } from 'vitest';
import { OutputTree } from '../../src/runtime/output-tree.js';

describe('output tree', () => {
  it('keeps outputs by task, then by the values around it', () => {
    const tree = new OutputTree();
    tree.set('a', [], { x: 1 });
    tree.set('b', ['s1', 'v'], { x: 2 });
    tree.set('b', ['s1', 'w'], { x: 3 });
    expect(tree.view()).toEqual({ a: { x: 1 }, b: { s1: { v: { x: 2 }, w: { x: 3 } } } });
  });

  it('takes a value that names a prototype as a key like any other', () => {
    const tree = new OutputTree();
    tree.set('a', ['__proto__'], { polluted: true });
    expect(Object.keys(tree.view().a as object)).toEqual(['__proto__']);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });

  it('inside another sees the outer outputs and keeps its own', () => {
    const outer = new OutputTree();
    outer.set('a', [], { x: 1 });
    const inner = new OutputTree(outer);
    inner.set('b', [], { x: 2 });
    expect(inner.view()).toEqual({ a: { x: 1 }, b: { x: 2 } });
    expect(outer.view()).toEqual({ a: { x: 1 } });
  });
});
