import { join, posix, relative } from 'node:path';
import ts from 'typescript';
import manifest from '../../package.json' with { type: 'json' };
import { root } from './pages.ts';

/** Compiles files that exist only here, by path, against the package's own sources. One line per problem. */
export function problemsOf(files: ReadonlyMap<string, string>): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  options.paths = Object.fromEntries(
    entryPoints.map(({ path, source }) => [posix.join(manifest.name, path), [source]]),
  );
  options.noUnusedLocals = false;
  options.moduleDetection = ts.ModuleDetectionKind.Force;

  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = name => files.get(name) ?? readFile(name);
  host.fileExists = name => files.has(name) || fileExists(name);
  const program = ts.createProgram([...files.keys()], options, host);
  return [...files.keys()].flatMap(name => {
    const source = program.getSourceFile(name);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      ({ messageText, start }) => {
        const line = source?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0;
        return `${relative(root, name)}:${line + 1} ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
      },
    );
  });
}

/** What can be imported, and the source behind it. */
export const entryPoints = Object.entries(manifest.exports).flatMap(([path, target]) => {
  if (typeof target === 'string') return [];
  return [{ path, source: target.default.replace('./dist/', './lib/').replace(/\.js$/, '.ts') }];
});
