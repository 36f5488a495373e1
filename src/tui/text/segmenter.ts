/**
 * Stands for Intl.Segmenter in the TUI's bundle, Ink and what it uses included: every one of them
 * makes one when it is loaded, and parts with it each row of each frame. It is made when there is
 * a text that is not simple, and used for such texts alone.
 */
import { isParted } from "./simple.ts";

// The bundler has this module in the place of the name as it is usually written.
const RealSegmenter = Reflect.get(Intl, "Segmenter") as typeof Intl.Segmenter;

type Parts = Iterable<{ segment: string; index: number }>;

export class Segmenter {
  readonly #given: ConstructorParameters<typeof Intl.Segmenter>;
  #real: Intl.Segmenter | undefined;

  constructor(...given: ConstructorParameters<typeof Intl.Segmenter>) {
    this.#given = given;
  }

  /** Graphemes, which are what everybody here wants of it. */
  segment(text: string): Parts {
    if (isParted(text)) {
      return Array.from(text, (segment, index) => ({ segment, index }));
    }
    this.#real ??= new RealSegmenter(...this.#given);
    return this.#real.segment(text);
  }
}
