import { expect, it } from 'vitest';
import { createPushPace } from '../../../src/triggers/git-host/push-pace.js';

const at = (seconds: number) => new Date(1_800_000_000_000 + seconds * 1000);

it('lets the first run begin at once, and those that follow share one ten seconds later', () => {
  const pace = createPushPace();
  expect(pace.next('main', at(0))).toBeUndefined();
  expect(pace.next('main', at(1))).toEqual(at(10));
  expect(pace.next('main', at(9))).toEqual(at(10));
  // The one at 10 has begun: what comes now waits for the next.
  expect(pace.next('main', at(11))).toEqual(at(20));
  expect(pace.next('main', at(60))).toBeUndefined();
  expect(pace.next('dev', at(60))).toBeUndefined();
});

it('forgets keys whose time is over', () => {
  const pace = createPushPace({ apartMs: 1000 });
  for (let key = 0; key < 5000; key++) expect(pace.next(`branch ${key}`, at(key))).toBeUndefined();
  expect(pace.next('branch 4999', at(4999))).toEqual(at(5000));
});
