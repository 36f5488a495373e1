import { rmSync } from "node:fs";
import { Service } from "../../service/service.ts";
import type { Verb } from "../../verb.ts";
import { refuseService, systemOption } from "./install.ts";

export const daemonUninstall: Verb<{ system?: boolean }> = {
  name: "uninstall",
  group: "Daemon and set-up",
  summary: "undo daemon install: the service is stopped, and its file removed",
  about: "Sessions stay: the next command starts a daemon by itself.",
  options: [systemOption],
  examples: [["daemon uninstall", "agents in a turn finish it"]],
  async run(context, _args, { system = false }) {
    refuseService(context, "daemon uninstall", system);
    const service = new Service(context, system);
    const { file } = service.place;
    const there = service.written() !== undefined;
    if (there) {
      service.checkManager();
      const ran = service.disable();
      rmSync(file);
      rmSync(`${file}.old`, { force: true });
      ran.push(...service.reload());
      if (!context.json)
        for (const line of [...ran.map((line) => `Ran ${line}`), `Removed ${file}`])
          context.print(line);
    }
    if (context.json) context.printJson({ file, removed: there });
    else if (!there) context.note(`There is no ${file}, so nothing is installed.`);
    return undefined;
  },
};
