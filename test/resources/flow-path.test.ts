import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  isNamespace,
  moveNamespace,
  namespaceOfPath,
  pathOfFlow,
  stemOf,
} from '../../src/resources/flow-path.js';

const deep = { directory: '_flows', namespace: 'company.team', children: true };
const flat = { ...deep, children: false };
const root = { ...deep, directory: '' };

describe('the namespace of a path', () => {
  it.each([
    [deep, '_flows/a.yml', 'company.team'],
    [deep, '_flows/a.yaml', 'company.team'],
    [deep, '_flows/x/y/a.yml', 'company.team.x.y'],
    [deep, '_flows/x.y/a.yml', 'company.team.x.y'],
    [deep, '_flows/My Flows/a.yml', 'company.team.My Flows'],
    [deep, '_flows2/a.yml', null],
    [deep, 'a.yml', null],
    [deep, '_flows/a.YML', null],
    [deep, '_flows/a.yml.bak', null],
    [deep, '_flows/yml', null],
    [flat, '_flows/a.yml', 'company.team'],
    [flat, '_flows/x/a.yml', null],
    [root, 'a.yml', 'company.team'],
    [root, '_flows/a.yml', 'company.team._flows'],
    [{ ...root, children: false }, '_flows/a.yml', null],
  ])('%j %s is %s', (place, path, namespace) => {
    expect(namespaceOfPath(place, path)).toBe(namespace);
  });

  it('comes back from the path of a flow', () => {
    const part = fc.stringMatching(/^[a-z0-9_-]{1,5}$/);
    fc.assert(
      fc.property(fc.constantFrom(deep, root), fc.array(part, { maxLength: 3 }), part, (place, parts, id) => {
        const namespace = [place.namespace, ...parts].join('.');
        for (const extension of ['.yml', '.yaml']) {
          const path = pathOfFlow(place, namespace, id, extension);
          expect(namespaceOfPath(place, path)).toBe(namespace);
          expect(stemOf(path)).toBe(id);
        }
      }),
    );
  });
});

describe('the path of a flow', () => {
  it.each([
    [deep, 'company.team', 'a', '_flows/a.yml'],
    [deep, 'company.team.x.y', 'a.b', '_flows/x/y/a.b.yml'],
    [root, 'company.team', 'a', 'a.yml'],
    [root, 'company.team.x', 'a', 'x/a.yml'],
  ])('%j %s %s is %s', (place, namespace, id, path) => {
    expect(pathOfFlow(place, namespace, id)).toBe(path);
  });
});

it.each([
  ['dev', 'dev', 'prod', 'prod'],
  ['dev.a.b', 'dev', 'prod.x', 'prod.x.a.b'],
  ['development', 'dev', 'prod', 'development'],
  ['a.dev', 'dev', 'prod', 'a.dev'],
  ['prod', 'dev', 'prod', 'prod'],
])('moves %s from %s to %s: %s', (namespace, from, to, moved) => {
  expect(moveNamespace(namespace, from, to)).toBe(moved);
});

it.each([
  ['a/b/c.yml', 'c'],
  ['c.yaml', 'c'],
  ['c.yml.yaml', 'c.yml'],
  ['a.yml/c', 'c'],
  ['.yml', ''],
])('the stem of %s is %j', (path, stem) => {
  expect(stemOf(path)).toBe(stem);
});

it.each([
  ['company.team', true],
  ['2024.05', true],
  ['a_b-c.d', true],
  ['My Flows', false],
  ['a..b', false],
  ['', false],
  [`a${'.b'.repeat(80)}`, false],
])('%j is a namespace: %s', (text, answer) => {
  expect(isNamespace(text)).toBe(answer);
});
