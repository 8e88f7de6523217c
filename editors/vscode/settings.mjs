// Writes every setting of the server's schema into package.json, so that the two can't drift: node settings.mjs [--check]
// With --check it changes nothing, and ends with 1 where they have.
import { readFileSync, writeFileSync } from 'node:fs';

const manifestFile = new URL('package.json', import.meta.url);
const schema = JSON.parse(readFileSync(new URL('../../src/Infill.Server/Settings/infill.schema.json', import.meta.url), 'utf8'));
const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));

// How partial results look is between the extension and the server.
const left = new Set(['$schema', 'snapshots']);

function property(setting) {
  const { description, 'x-infill-user-only': isUserOnly, ...shape } = setting;
  const hasDefault = 'default' in shape;
  return {
    ...shape,
    ...(hasDefault ? {} : { type: [shape.type, 'null'], default: null }),
    // A workspace must not name files, or say how much of the machine is used.
    scope: isUserOnly ? 'machine' : 'language-overridable',
    markdownDescription: description + (isUserOnly ? ' The server starts again when it changes.' : ''),
  };
}

const properties = {};
for (const [name, setting] of Object.entries(schema.properties)) {
  if (!left.has(name)) properties[`infill.${name}`] = property(setting);
}

const before = JSON.stringify(manifest.contributes.configuration[0].properties);
if (before === JSON.stringify(properties)) process.exit(0);
if (process.argv.includes('--check')) {
  console.error('The settings in editors/vscode/package.json are not those of infill.schema.json; run `node editors/vscode/settings.mjs`.');
  process.exit(1);
}

manifest.contributes.configuration[0].properties = properties;
writeFileSync(manifestFile, `${JSON.stringify(manifest, null, 2)}\n`);
