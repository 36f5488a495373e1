/** Who gets a slot, and when: against a model that knows nothing but the rules. */

import { expect, test } from "vitest";
import { type Holder, Slots } from "../../src/daemon/slots.ts";
import fc from "../support/property.ts";

/** A session as the slots see it. Its agent rests, works, or may not go for some other reason. */
class Fake implements Holder {
  readonly name: string;
  readonly #slots: Slots;
  state: "asleep" | "line" | "working" | "resting" = "asleep";
  restingSinceMs: number | undefined;
  /** It says that it rests, and finds that it can't go. */
  declines = false;
  place: number | undefined;

  constructor(name: string, slots: Slots) {
    this.name = name;
    this.#slots = slots;
  }

  onPlace(): void {
    this.place = this.#slots.place(this);
  }

  async makeRoom(): Promise<boolean> {
    await Promise.resolve();
    if (this.declines || this.restingSinceMs === undefined) return false;
    this.sleep();
    return true;
  }

  wake(entered: string[]): void {
    if (this.state !== "asleep") return;
    this.state = "line";
    void this.#slots.take(this).then((has) => {
      if (!has) return;
      entered.push(this.name);
      this.state = "working";
    });
  }

  rest(atMs: number): void {
    if (this.state !== "working") return;
    this.state = "resting";
    this.restingSinceMs = atMs;
    this.#slots.rested(this);
  }

  work(): void {
    if (this.state !== "resting") return;
    this.state = "working";
    this.restingSinceMs = undefined;
  }

  sleep(): void {
    if (this.state === "line") this.#slots.leave(this);
    this.restingSinceMs = undefined;
    this.state = "asleep";
    this.#slots.give(this);
  }
}

/** Whatever follows from what was done has happened. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function fakes(slots: Slots, count: number): Fake[] {
  return Array.from({ length: count }, (_, i) => new Fake(`s${i}`, slots));
}

test("a free slot is taken at once, and the next one that is free by the first in line", async () => {
  const slots = new Slots(1);
  const [a, b, c] = fakes(slots, 3) as [Fake, Fake, Fake];
  const entered: string[] = [];
  for (const one of [a, b, c]) one.wake(entered);
  await settled();
  expect(entered).toEqual(["s0"]);
  expect([a.place, b.place, c.place]).toEqual([undefined, 1, 2]);
  expect({ running: slots.running, waiting: slots.waiting }).toEqual({ running: 1, waiting: 2 });
  a.sleep();
  await settled();
  expect(entered).toEqual(["s0", "s1"]);
  expect([b.place, c.place]).toEqual([undefined, 1]);
});

test("the one that rests longest makes room, and whoever waits for that is not in line", async () => {
  const slots = new Slots(2);
  const [a, b, c] = fakes(slots, 3) as [Fake, Fake, Fake];
  const entered: string[] = [];
  a.wake(entered);
  b.wake(entered);
  await settled();
  b.rest(1);
  a.rest(2);
  c.wake(entered);
  expect(slots.place(c)).toBeUndefined();
  await settled();
  expect([a.state, b.state, c.state]).toEqual(["resting", "asleep", "working"]);
});

test("one that can't make room after all is asked again when it rests anew, and not before", async () => {
  const slots = new Slots(1);
  const [a, b] = fakes(slots, 2) as [Fake, Fake];
  const entered: string[] = [];
  a.wake(entered);
  await settled();
  a.declines = true;
  a.rest(1);
  b.wake(entered);
  await settled();
  expect(b.place).toBe(1);
  a.declines = false;
  slots.rested(b);
  await settled();
  expect(a.state).toBe("resting");
  slots.rested(a);
  await settled();
  expect([a.state, b.state]).toEqual(["asleep", "working"]);
});

test("agents that are there already count, and those too many go as they come to rest", async () => {
  const slots = new Slots(2);
  const all = fakes(slots, 4);
  for (const one of all) {
    one.state = "working";
    slots.hold(one);
  }
  expect(slots.running).toBe(4);
  for (const [at, one] of all.entries()) one.rest(at);
  await settled();
  expect(all.map(({ state }) => state)).toEqual(["asleep", "asleep", "resting", "resting"]);
});

type Step = { kind: "wake" | "rest" | "work" | "sleep" | "decline" | "settle"; who: number };
const stepOf = (count: number): fc.Arbitrary<Step> =>
  fc.record({
    kind: fc.constantFrom("wake", "wake", "rest", "rest", "work", "sleep", "decline", "settle"),
    who: fc.nat(count - 1),
  });

test("never more than may, first come first served, and everybody's turn comes", async () => {
  const shape = fc
    .record({ max: fc.integer({ min: 1, max: 4 }), count: fc.integer({ min: 1, max: 9 }) })
    .chain((size) => fc.tuple(fc.constant(size), fc.array(stepOf(size.count), { maxLength: 60 })));
  await fc.assert(
    fc.asyncProperty(shape, async ([{ max, count }, steps]) => {
      const slots = new Slots(max);
      const all = fakes(slots, count);
      const entered: string[] = [];
      /** Those that want in, in the order of their coming. */
      let line: string[] = [];
      const check = () => {
        expect(slots.running).toBeLessThanOrEqual(max);
        expect(
          all.filter(({ state }) => state === "working" || state === "resting").length,
        ).toBeLessThanOrEqual(max);
        // Whoever entered was the first of those that waited.
        for (const name of entered.splice(0)) expect(name).toBe(line.shift());
        const waiting = all.filter(({ state }) => state === "line").map(({ name }) => name);
        expect(line.toSorted()).toEqual(waiting.toSorted());
        for (const [index, name] of line.entries()) {
          const one = all.find((fake) => fake.name === name) as Fake;
          expect([undefined, index + 1]).toContain(slots.place(one));
          expect(one.place).toBe(slots.place(one));
        }
      };
      for (const [at, { kind, who }] of steps.entries()) {
        const one = all[who] as Fake;
        if (kind === "wake" && one.state === "asleep") line.push(one.name);
        if (kind === "sleep") {
          // What it was granted a moment ago counts before it goes.
          await settled();
          check();
          line = line.filter((name) => name !== one.name);
          one.sleep();
        }
        if (kind === "wake") one.wake(entered);
        if (kind === "rest") one.rest(at);
        if (kind === "work") one.work();
        if (kind === "decline") one.declines = !one.declines;
        if (kind === "settle") await settled();
        expect(slots.running).toBeLessThanOrEqual(max);
      }
      await settled();
      check();
      // With every agent resting sooner or later, nobody waits for ever.
      for (const one of all) one.declines = false;
      for (let round = 0; round <= count && line.length > 0; round++) {
        for (const one of all) {
          one.rest(steps.length + round);
          slots.rested(one);
        }
        await settled();
        check();
      }
      expect(line).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
