import type * as z from 'zod';

/** Words a problem of a request body as the API does, for zod's `error` parameter. */
export const inApiWords: z.core.$ZodErrorMap = issue => {
  if (issue.input === undefined) return 'Field required';
  switch (issue.code) {
    case 'invalid_type':
      return `Input should be a valid ${typeNames[issue.expected] ?? issue.expected}`;
    case 'invalid_union':
      return 'Input should be a valid string or list';
    case 'invalid_value':
      return `Input should be ${oneOf(issue.values.map(value => `'${String(value)}'`))}`;
    case 'unrecognized_keys':
      return 'Extra inputs are not permitted';
    case 'too_small':
      return issue.origin === 'string'
        ? 'Input should not be empty'
        : `Input should be greater than or equal to ${issue.minimum}`;
    case 'too_big':
      return `Input should be less than or equal to ${issue.maximum}`;
    case 'invalid_format':
      return issue.format === 'regex'
        ? `String should match pattern '${issue.pattern?.slice(1, -1)}'`
        : undefined;
    default:
      return undefined;
  }
};

/** The first problem, after the path of its field: `messages.0.role: Field required`. */
export function firstProblem(error: z.ZodError): string {
  const { path, message } = deepest(error.issues);
  return path.length === 0 ? message : `${path.join('.')}: ${message}`;
}

const typeNames: Partial<Record<string, string>> = {
  int: 'integer',
  array: 'list',
  object: 'dictionary',
  record: 'dictionary',
};

function oneOf(values: readonly string[]): string {
  return values.length < 2 ? values.join() : `${values.slice(0, -1).join(', ')} or ${values.at(-1)}`;
}

/** Of a union, the branch that got furthest tells what is wrong: `content` was a list, but for one of its blocks. */
function deepest(issues: readonly z.core.$ZodIssue[]): { path: PropertyKey[]; message: string } {
  const [issue] = issues;
  if (issue?.code === 'unrecognized_keys') {
    return { path: [...issue.path, ...issue.keys.slice(0, 1)], message: issue.message };
  }
  if (issue?.code === 'invalid_union') {
    const branch = issue.errors.find(errors => (errors[0]?.path.length ?? 0) > 0);
    if (branch) {
      const inner = deepest(branch);
      return { path: [...issue.path, ...inner.path], message: inner.message };
    }
  }
  return { path: issue?.path ?? [], message: issue?.message ?? 'invalid request' };
}
