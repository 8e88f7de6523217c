// Prints what the official LSP packages declare, as JSON:
//   types:     name -> { property: { optional, kinds } } for every interface or alias of an object type
//   constants: namespace -> { name: value } for every exported object with numbers or strings in it
// Unions of object types are merged: a property is optional where any of them may lack it.
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import ts from "typescript";

const require = createRequire(import.meta.url);
const declarations = join(dirname(require.resolve("vscode-languageserver-protocol")), "..", "common", "api.d.ts");
const program = ts.createProgram([declarations], {
  strict: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
});
const checker = program.getTypeChecker();
const source = program.getSourceFile(declarations);

function kindsOf(type) {
  if (type.isUnion()) return [...new Set(type.types.flatMap(kindsOf))];
  if (type.flags & ts.TypeFlags.StringLiteral) return [`"${type.value}"`];
  if (type.flags & ts.TypeFlags.NumberLiteral) return ["number"];
  if (type.flags & ts.TypeFlags.StringLike) return ["string"];
  if (type.flags & ts.TypeFlags.NumberLike) return ["number"];
  if (type.flags & ts.TypeFlags.BooleanLike) return ["boolean"];
  if (type.flags & ts.TypeFlags.Null) return ["null"];
  if (type.flags & (ts.TypeFlags.Undefined | ts.TypeFlags.Void)) return [];
  if (type.flags & (ts.TypeFlags.Any | ts.TypeFlags.Unknown | ts.TypeFlags.TypeParameter)) return ["any"];
  if (checker.isArrayType(type)) return kindsOf(checker.getTypeArguments(type)[0]).map((kind) => `${kind}[]`);
  const name = type.aliasSymbol?.name ?? type.symbol?.name;
  return [name && !name.startsWith("__") ? name : "object"];
}

// The names as written: an alias of another named type is resolved to that one, and its own name lost.
function namesIn(node) {
  if (!node) return [];
  if (ts.isUnionTypeNode(node)) return node.types.flatMap(namesIn);
  if (ts.isParenthesizedTypeNode(node)) return namesIn(node.type);
  if (ts.isArrayTypeNode(node)) return namesIn(node.elementType).map((name) => `${name}[]`);
  return ts.isTypeReferenceNode(node) && ts.isIdentifier(node.typeName) ? [node.typeName.text] : [];
}

function propertiesOf(type) {
  const parts = type.isUnion() ? type.types : [type];
  const properties = Object.create(null); // a member may be called toString
  for (const part of parts) {
    for (const symbol of checker.getPropertiesOfType(part)) {
      const entry = (properties[symbol.name] ??= { optional: false, kinds: [] });
      if (symbol.flags & ts.SymbolFlags.Optional) entry.optional = true;
      const kinds = kindsOf(checker.getTypeOfSymbolAtLocation(symbol, source));
      entry.kinds = [...new Set([...entry.kinds, ...kinds, ...namesIn(symbol.valueDeclaration?.type)])];
    }
  }

  for (const [name, entry] of Object.entries(properties)) {
    if (parts.some((part) => !part.getProperty(name))) entry.optional = true;
  }
  return properties;
}

// All files of the packages, not only what they export: some of the wire's types are declared for their own use.
const types = Object.create(null);
for (const file of program.getSourceFiles().filter((file) => /node_modules.vscode-/.test(file.fileName))) {
  for (const statement of file.statements) {
    if (!ts.isInterfaceDeclaration(statement) && !ts.isTypeAliasDeclaration(statement)) continue;
    const type = checker.getTypeAtLocation(statement.name);
    const objects = type.isUnion() ? type.types : [type];
    if (!objects.every((part) => part.flags & (ts.TypeFlags.Object | ts.TypeFlags.Intersection))) continue;
    types[statement.name.text] ??= propertiesOf(type);
  }
}

const constants = Object.create(null);
for (const [name, value] of Object.entries(require("vscode-languageserver-protocol"))) {
  if (value === null || (typeof value !== "object" && typeof value !== "function")) continue;
  const entries = Object.entries({ method: value.type?.method, ...value });
  const plain = entries.filter(([, constant]) => typeof constant === "number" || typeof constant === "string");
  if (plain.length > 0) constants[name] = Object.fromEntries(plain);
}

process.stdout.write(JSON.stringify({ types, constants }));
