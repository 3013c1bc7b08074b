/** New projects: which there are and the files they consist of. */
import commandIndex from "./templates/command/_index.yaml" with { type: "text" };
import commandGreet from "./templates/command/greet.lua" with { type: "text" };
import commandGreeting from "./templates/command/greeting.lua" with { type: "text" };
import commandTest from "./templates/command/greeting_test.lua" with { type: "text" };
import ignored from "./templates/gitignore.gitignore" with { type: "text" };
import httpIndex from "./templates/http/_index.yaml" with { type: "text" };
import httpGreet from "./templates/http/greet.lua" with { type: "text" };
import httpTest from "./templates/http/greet_test.lua" with { type: "text" };
import httpHello from "./templates/http/hello.lua" with { type: "text" };
import runtime from "./templates/runtime.yaml" with { type: "text" };
import serviceIndex from "./templates/service/_index.yaml" with { type: "text" };
import serviceCount from "./templates/service/count.lua" with { type: "text" };
import serviceCounter from "./templates/service/counter.lua" with { type: "text" };
import serviceTest from "./templates/service/counter_test.lua" with { type: "text" };

/** One kind of new project. */
export interface Template {
  readonly name: string;
  readonly about: string;
  /** Files of the source directory. */
  readonly sources: Readonly<Record<string, string>>;
  /** What to try, command and remark. */
  readonly next: readonly (readonly [command: string, remark: string])[];
}

/** Every template; the first is the default. */
export const TEMPLATES: readonly Template[] = [
  {
    name: "http",
    about: "an HTTP API",
    sources: {
      "_index.yaml": httpIndex,
      "greet.lua": httpGreet,
      "greet_test.lua": httpTest,
      "hello.lua": httpHello,
    },
    next: [
      ["wippy run", "start it, then open http://localhost:8080/hello?name=Ada"],
      ["wippy call app:greet name=Ada", "call one function"],
      ["wippy test", "run its test"],
      ["wippy registry reload", "after an edit: what runs takes it over"],
    ],
  },
  {
    name: "command",
    about: "a command-line program",
    sources: {
      "_index.yaml": commandIndex,
      "greet.lua": commandGreet,
      "greeting.lua": commandGreeting,
      "greeting_test.lua": commandTest,
    },
    next: [
      ["wippy run greet Ada", "run its command"],
      ["wippy run list", "see all commands"],
      ["wippy test", "run its test"],
    ],
  },
  {
    name: "service",
    about: "a background service",
    sources: {
      "_index.yaml": serviceIndex,
      "count.lua": serviceCount,
      "counter.lua": serviceCounter,
      "counter_test.lua": serviceTest,
    },
    next: [
      ["wippy run", "start it"],
      ["wippy call --connect app:count", "ask it, from another terminal"],
      ["wippy test", "run its test"],
      ["wippy registry reload --restart", "after an edit: the service starts again with it"],
    ],
  },
];

/** Files beside the sources. */
export const PROJECT_FILES: Readonly<Record<string, string>> = {
  ".gitignore": ignored,
  ".wippy.yaml": runtime,
};
