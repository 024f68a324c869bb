/** A field that the transport `replay` cannot bring to the API as the caller wrote it. */
export interface Problem {
  /** Path of the field: `messages.2.content.0`. */
  field: string;
  message: string;
  /** Whether the transport `exact` could. What it could not either is what the API refuses. */
  exact: boolean;
}

/** It is the CLI that cannot: the transport `exact` could. */
export function cannotCarry(field: string, what: string): Problem {
  return { field, message: `The Claude CLI cannot carry ${what}; the transport "exact" can`, exact: true };
}

/** It is the API's own rule, in its words. */
export function refused(field: string, message: string): Problem {
  return { field, message, exact: false };
}
