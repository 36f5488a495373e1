/** What the TUI asks of the terminal beyond Ink: no wrapping, its size, lending it out, redrawing. */
import { type Instance, useApp, useStdin, useStdout, useWindowSize } from "ink";
import { useEffect, useInsertionEffect, useMemo } from "react";
import type { Model } from "../model.ts";

/** What is asked here of what is drawn, be it the panes or the dashboard. */
interface Surface {
  readonly model: Pick<Model, "around">;
  act(step: <M extends Pick<Model, "around">>(model: M) => M): void;
  resize(size: Model["size"]): void;
}

const noAutowrap = "\u001b[?7l";
const autowrap = "\u001b[?7h";
const focusReports = "\u001b[?1004h";
const noFocusReports = "\u001b[?1004l";
/** Buttons and the wheel, reported in SGR form, which has no bound on columns. */
export const mouseOn = "\u001b[?1000h\u001b[?1006h";
export const mouseOff = "\u001b[?1006l\u001b[?1000l";
const clearAndHome = "\u001b[2J\u001b[H";

/**
 * Terminals and Unicode disagree on the width of some characters. Without automatic wrapping a
 * row that turns out too wide is cut at the edge, and the rows below stay where they are; up to the
 * edge it is whole, since `agreed-width.ts` has such a row painted from its beginning.
 */
export function useNoAutowrap(): void {
  const { stdout } = useStdout();
  useInsertionEffect(() => {
    stdout.write(noAutowrap);
    return () => {
      stdout.write(autowrap);
    };
  }, [stdout]);
}

/**
 * Has the terminal tell when it gets and loses the focus. Ink drops such reports, as all sequences
 * that are no keys, so they are seen in the terminal's own bytes, which may part anywhere.
 */
export function useFocusReports(store: Surface): void {
  const { stdout } = useStdout();
  const { stdin } = useStdin();
  useEffect(() => {
    let before = "";
    const look = (chunk: Buffer | string) => {
      const text = before + String(chunk);
      const last = [...text.matchAll(/\u001b\[([IO])/g)].at(-1);
      if (last !== undefined) {
        const focused = last[1] === "I";
        store.act((model) => ({ ...model, around: { ...model.around, focused } }));
      }
      before = /\u001b\[?$/.exec(text)?.[0] ?? "";
    };
    stdin.on("data", look);
    stdout.write(focusReports);
    return () => {
      stdin.off("data", look);
      stdout.write(noFocusReports);
    };
  }, [store, stdin, stdout]);
}

/** The wheel is the TUI's while it is on the screen, and the terminal's again however it ends. */
export function useMouse(store: Surface): void {
  const { stdout } = useStdout();
  useInsertionEffect(() => {
    if (store.model.around.mouse) stdout.write(mouseOn);
    return () => {
      stdout.write(mouseOff);
    };
  }, [stdout, store]);
}

export function useSize(store: Surface): void {
  const { columns, rows } = useWindowSize();
  useEffect(() => {
    store.resize({ columns, rows });
  }, [store, columns, rows]);
}

/** Runs `use` while the terminal is another program's; resolves when it is taken back. */
export type Lend = (use: () => void | Promise<void>) => Promise<void>;

/** A process has one terminal, and so one of these. */
let lent = Promise.resolve();

/** Resolves when the terminal is no other program's. */
export function takenBack(): Promise<void> {
  return lent;
}

interface Lending {
  store: Surface;
  /** True: the focus is reported here, as `useFocusReports` has it. */
  focus: boolean;
}

/**
 * Lends the terminal out: to an editor that is run, and on SIGTSTP to the shell, before the process
 * stops and until it goes on. The signal is raised anew with its own effect: where no shell controls
 * jobs the kernel ignores it, and the screen just comes back.
 */
export function useLending({ store, focus }: Lending): Lend {
  const { suspendTerminal } = useApp();
  const { stdout } = useStdout();
  const { lend, onStop } = useMemo(
    () => lender(suspendTerminal, stdout, { store, focus }),
    [suspendTerminal, stdout, store, focus],
  );
  useEffect(() => {
    process.on("SIGTSTP", onStop);
    return () => {
      process.off("SIGTSTP", onStop);
    };
  }, [onStop]);
  return lend;
}

function lender(suspend: Lend, stdout: NodeJS.WritableStream, { store, focus }: Lending) {
  const lend: Lend = (use) => {
    lent = suspend(async () => {
      // An editor that wants to stop has the terminal in order, and stops its whole group with it.
      process.off("SIGTSTP", onStop);
      // To it a report is keys, the first of which is Esc.
      stdout.write(mouseOff + noFocusReports + autowrap);
      try {
        await use();
      } finally {
        // It may have turned them off or on for itself.
        const { mouse } = store.model.around;
        stdout.write(noAutowrap + (focus ? focusReports : "") + (mouse ? mouseOn : mouseOff));
        process.on("SIGTSTP", onStop);
      }
    });
    return lent;
  };
  const onStop = () => void lend(() => void process.kill(process.pid, "SIGTSTP"));
  return { lend, onStop };
}

/** Draws every row again, for a screen that something else has written on. */
export function redraw(screen: Instance, store: Surface): void {
  screen.clear();
  process.stdout.write(clearAndHome);
  store.act((model) => ({ ...model }));
}
