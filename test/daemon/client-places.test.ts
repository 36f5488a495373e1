import { expect, test } from "vitest";
import { type Identity, owner } from "../../src/daemon/client.ts";
import { ClientPlaces } from "../../src/daemon/client-places.ts";

const withToken = (token: string): Identity => ({
  access: { scope: "observe", sessions: "*", token },
});
const peer: Identity = { ...owner, neighbour: { id: "f00", name: "laptop" } };

/** Takes places for as long as there are any; gives how many, and how to leave them. */
function taken(places: ClientPlaces, identity: Identity): (() => void)[] {
  const leaves: (() => void)[] = [];
  for (;;) {
    try {
      leaves.push(places.take(identity));
    } catch (error) {
      expect(error).toMatchObject({ code: "too-many-clients", exitCode: 6 });
      return leaves;
    }
  }
}

test("nobody takes the last places but the owner", () => {
  const places = new ClientPlaces({ max: 1_000, owners: 100 });
  let others = 0;
  for (let i = 0; i < 40; i++) others += taken(places, withToken(`t${i}`)).length;
  expect(others).toBe(900);
  expect(taken(places, peer)).toHaveLength(0);
  const own = taken(places, owner);
  expect(own).toHaveLength(100);
  for (const leave of own) leave();
  expect(taken(places, owner)).toHaveLength(100);
});

test("one token, or peer, leaves a third to the others, and gets more when they go", () => {
  for (const greedy of [withToken("greedy"), peer]) {
    const places = new ClientPlaces({ max: 1_000, owners: 100 });
    const mine = taken(places, greedy);
    expect(mine).toHaveLength(600);
    const other = taken(places, withToken("other"));
    expect(other).toHaveLength(200);
    for (const leave of [...mine, ...mine]) leave();
    // A place is left once, however often that is said.
    expect(taken(places, withToken("other"))).toHaveLength(400);
  }
});

test("the owner may have them all", () => {
  expect(taken(new ClientPlaces({ max: 1_000, owners: 100 }), owner)).toHaveLength(1_000);
});

test("a place that is kept for who was let in before is not judged again, and counts", () => {
  const places = new ClientPlaces({ max: 10, owners: 1 });
  const first = taken(places, withToken("a"));
  expect(first).toHaveLength(6);
  first[0]?.();
  const leave = places.keep(withToken("a"));
  expect(taken(places, withToken("a"))).toHaveLength(0);
  leave();
  expect(taken(places, withToken("a"))).toHaveLength(1);
});
