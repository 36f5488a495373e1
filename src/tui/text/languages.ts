/** What the colours of code know of languages: their comments, quotes and keywords, by name. */
import type { StyleName } from "./theme.ts";

export interface LanguageRules {
  /** What comments out the rest of a line. */
  comments: readonly string[];
  /** What goes on over lines: its beginning, its end, its style. */
  blocks: readonly (readonly [string, string, StyleName])[];
  /** What begins and ends a string within a line. */
  quotes: readonly string[];
  keywords: ReadonlySet<string>;
  anyCase?: boolean;
}

/** Null for a language that is not known, which is then shown in one colour. */
export function rulesFor(name: string): LanguageRules | "diff" | null {
  const language = /^[\w+#-]+/.exec(name.toLowerCase())?.[0] ?? "";
  if (language === "diff" || language === "patch") return "diff";
  return byName.get(language) ?? null;
}

const words = (text: string): Set<string> => new Set(text.split(" "));
const slashes = { comments: ["//"], blocks: [["/*", "*/", "codeComment"]] } as const;
const hashes = { comments: ["#"], blocks: [], quotes: ['"', "'"] } as const;
const constants = "true false null";

const common =
  "if else for while do switch case default break continue return new this try catch finally " +
  "throw class enum static const void int long double float char boolean byte short public " +
  `private protected abstract final import package interface extends implements super ${constants}`;

const families: [string, LanguageRules][] = [
  [
    "js javascript mjs cjs jsx ts typescript mts cts tsx",
    {
      ...slashes,
      blocks: [...slashes.blocks, ["`", "`", "codeString"]],
      quotes: ['"', "'"],
      keywords: words(
        "as async await break case catch class const continue debugger default delete do else " +
          "enum export extends finally for from function get if implements import in instanceof " +
          "interface let new of private protected public readonly return satisfies set static " +
          "super switch this throw try type typeof undefined var void while with yield keyof " +
          `declare namespace abstract never unknown string number boolean any ${constants}`,
      ),
    },
  ],
  [
    "python py python3 pyi",
    {
      comments: ["#"],
      blocks: [
        ['"""', '"""', "codeString"],
        ["'''", "'''", "codeString"],
      ],
      quotes: ['"', "'"],
      keywords: words(
        "and as assert async await break class continue def del elif else except finally for " +
          "from global if import in is lambda match case nonlocal not or pass raise return try " +
          "while with yield None True False self",
      ),
    },
  ],
  [
    "sh bash zsh shell console fish dockerfile makefile make mk",
    {
      ...hashes,
      keywords: words(
        "if then else elif fi for while until do done case esac in function return local export " +
          "set unset shift exit eval exec source alias readonly declare trap FROM RUN CMD COPY " +
          "ADD ENV ARG WORKDIR ENTRYPOINT EXPOSE USER VOLUME sudo cd echo",
      ),
    },
  ],
  [
    "go golang",
    {
      ...slashes,
      blocks: [...slashes.blocks, ["`", "`", "codeString"]],
      quotes: ['"', "'"],
      keywords: words(
        "break case chan const continue default defer else fallthrough for func go goto if " +
          "import interface map package range return select struct switch type var nil true " +
          "false string int error bool byte any",
      ),
    },
  ],
  [
    "rust rs",
    {
      ...slashes,
      // A lone ' begins a lifetime as often as a character.
      quotes: ['"'],
      keywords: words(
        "as async await break const continue crate dyn else enum extern fn for if impl in let " +
          "loop match mod move mut pub ref return self Self static struct super trait type " +
          "unsafe use where while true false Some None Ok Err",
      ),
    },
  ],
  [
    "c h cpp cc cxx hpp c++ java cs csharp c# kotlin kt swift scala dart php groovy objc proto zig",
    {
      ...slashes,
      quotes: ['"', "'"],
      keywords: words(
        `${common} struct union typedef sizeof extern inline unsigned signed auto template ` +
          "typename using namespace virtual override operator friend nullptr bool string var val " +
          "fun func let when object data sealed companion guard nil self init protocol extension " +
          "defer lazy where is as in internal async await foreach namespace readonly def trait " +
          "match lateinit echo function fn message service rpc repeated pub comptime",
      ),
    },
  ],
  ["json json5 jsonc", { ...slashes, quotes: ['"'], keywords: words(constants) }],
  [
    "yaml yml toml ini conf cfg properties env hcl tf terraform nix",
    { ...hashes, keywords: words("true false null yes no on off") },
  ],
  [
    "ruby rb perl pl r elixir ex exs julia jl crystal",
    {
      ...hashes,
      keywords: words(
        "alias and begin break case class def do else elsif end ensure false for if in module " +
          "next nil not or redo rescue retry return self super then true undef unless until when " +
          "while yield require include attr_reader attr_accessor fn my our sub use function " +
          "defmodule defp TRUE FALSE NULL",
      ),
    },
  ],
  [
    "sql postgres postgresql mysql sqlite",
    {
      comments: ["--"],
      blocks: slashes.blocks,
      quotes: ["'", '"'],
      anyCase: true,
      keywords: words(
        "select from where and or not in is null as join left right inner outer on group by order " +
          "having limit offset insert into values update set delete create table index view drop " +
          "alter add column primary key foreign references unique default constraint union all " +
          "distinct case when then else end with exists between like asc desc begin commit " +
          "rollback transaction integer text varchar boolean true false",
      ),
    },
  ],
  [
    "lua haskell hs elm ada",
    {
      comments: ["--"],
      blocks: [["{-", "-}", "codeComment"]],
      quotes: ['"'],
      keywords: words(
        "and break do else elseif end false for function if in local nil not or repeat return " +
          "then true until while module where let of case data type class instance deriving import",
      ),
    },
  ],
  [
    "html xml svg vue svelte",
    { comments: [], blocks: [["<!--", "-->", "codeComment"]], quotes: ['"'], keywords: words("") },
  ],
  [
    "css scss sass less",
    { ...slashes, quotes: ['"', "'"], keywords: words("@media @import @use @include important") },
  ],
  [
    "lisp clojure clj scheme elisp el",
    {
      comments: [";"],
      blocks: [],
      quotes: ['"'],
      keywords: words("def defn defun let if cond lambda fn ns require setq nil t true false"),
    },
  ],
];

const byName = new Map(
  families.flatMap(([names, rules]) => names.split(" ").map((name) => [name, rules] as const)),
);
