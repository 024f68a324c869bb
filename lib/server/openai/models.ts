/** A page of models in OpenAI's shape. */
export function toModelList(page: unknown) {
  const { data = [] } = page as { data?: unknown[] };
  return { object: 'list', data: data.map(toModel) };
}

/** One model in OpenAI's shape. */
export function toModel(model: unknown) {
  const { id, created_at: created } = model as { id: string; created_at?: string };
  return {
    id,
    object: 'model',
    created: Math.max(0, Math.floor(Date.parse(created ?? '') / 1000)) || 0,
    owned_by: 'anthropic',
  };
}
