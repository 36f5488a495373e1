/**
 * fast-check, whose samples a seed decides, so that a property that holds here holds everywhere;
 * `HACS_SEED` is another one.
 */
import fc from "fast-check";

fc.configureGlobal({ seed: Number.parseInt(process.env.HACS_SEED ?? "1", 10) });

export default fc;
