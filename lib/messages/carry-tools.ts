import type { MessagesRequest, WireTool } from '../workers/messages-request.ts';
import { cannotCarry, type Problem, refused } from './problem.ts';

/** The CLI knows a tool by its name, description and schema, and that is what it sends. */
export function toolProblems(tools: readonly WireTool[]): Problem[] {
  return tools.flatMap((tool, index) => {
    const field = `tools.${index}`;
    if ((tool.type ?? 'custom') !== 'custom') {
      return [cannotCarry(`${field}.type`, `a tool of the type ${tool.type}`)];
    }
    if (tools.findIndex(({ name }) => name === tool.name) < index)
      return [refused('tools', 'Tool names must be unique.')];
    if (tool.name === 'ToolSearch') return [cannotCarry(`${field}.name`, 'a tool of this name')];
    return [...schemaProblems(tool, `${field}.input_schema`), ...settingProblems(tool, field)];
  });
}

function schemaProblems({ input_schema: schema = {} }: WireTool, field: string): Problem[] {
  if (schema.type !== 'object') return [refused(`${field}.type`, "Input should be 'object'")];
  return ['anyOf', 'oneOf', 'allOf']
    .filter(keyword => keyword in schema)
    .map(keyword => cannotCarry(`${field}.${keyword}`, `${keyword} at the root of a schema`));
}

/** Settings that say the default, and a cache breakpoint, are as good as carried: the CLI caches all tools. */
function settingProblems(tool: WireTool, field: string): Problem[] {
  const { type, name, description, input_schema, cache_control, ...settings } = tool;
  const lost = Object.keys(settings).filter(key => !isDefault(settings[key]));
  return [
    ...lost.map(key => cannotCarry(`${field}.${key}`, `the field ${key}`)),
    ...cacheProblems(cache_control, `${field}.cache_control`),
  ];
}

/** Several blocks become one text; the CLI caches it. */
export function systemProblems(system: MessagesRequest['system']): Problem[] {
  if (!Array.isArray(system)) return [];
  return system.flatMap((block, index) => {
    const { type, text, cache_control, ...settings } = { cache_control: undefined, ...block };
    const field = `system.${index}`;
    if (text.trim() === '')
      return [refused(`${field}.text`, 'text content blocks must contain non-whitespace text')];
    const lost = Object.entries(settings).filter(([, value]) => !isDefault(value));
    return [
      ...lost.map(([key]) => cannotCarry(`${field}.${key}`, `the field ${key}`)),
      ...cacheProblems(cache_control, `${field}.cache_control`),
    ];
  });
}

/** The CLI's own breakpoints, after the tools and after the system prompt, last as long as its login allows. */
function cacheProblems(cacheControl: unknown, field: string): Problem[] {
  const ttl = isRecord(cacheControl) ? (cacheControl.ttl ?? '5m') : '5m';
  return ttl === '5m' ? [] : [cannotCarry(`${field}.ttl`, `a cache lifetime of ${ttl}`)];
}

function isDefault(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return true;
  return Array.isArray(value) && (value.length === 0 || (value.length === 1 && value[0] === 'direct'));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
