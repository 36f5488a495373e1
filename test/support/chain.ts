/** Daemons that know each other as peers, each a home of its own; the last one has the sessions. */
import { createHome, type Home, type HomeOptions } from "./home.ts";
import { createModel, type TestModel } from "./model.ts";

export interface Chain {
  model: TestModel;
  /** In the order of the way: `homes[0]` calls the next one `b`, that one its next `c`. */
  homes: Home[];
  close(): Promise<void>;
}

export const peerNames = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];

/** A daemon's socket as a peer's URL. */
export const unixUrl = (home: Home): string => `unix://${home.socket}`;

export async function createChain(count: number, options: HomeOptions = {}): Promise<Chain> {
  const model = await createModel();
  const homes: Home[] = [];
  for (let i = 0; i < count; i++) {
    const config = { ...options.config, name: `host-${peerNames[i]}` };
    homes.push(await createHome({ ...options, model, config }));
  }
  for (const home of homes) await home.ok(["daemon", "start"]);
  for (let i = 0; i + 1 < count; i++)
    await homes[i]!.ok(["peer", "add", peerNames[i + 1]!, unixUrl(homes[i + 1]!)]);
  return {
    model,
    homes,
    close: async () => {
      for (const home of homes) await home.close();
      await model.close();
    },
  };
}
