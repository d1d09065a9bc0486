import type { ErrorCode } from '@/api/types'

/** Something a person can do about a failure, as a button. */
export type Remedy =
  | 'retry'
  | 'raise_limit'
  | 'edit_code'
  | 'hint'
  | 'other_picture'
  | 'models'
  | 'sign_in'
  | 'playground'

/** What each remedy is called. */
export const REMEDY_LABELS: Record<Remedy, string> = {
  retry: 'Retry',
  raise_limit: 'Raise the limit and retry',
  edit_code: 'Edit the code and run it',
  hint: 'Say it differently',
  other_picture: 'Use another picture',
  models: 'See how the models are',
  sign_in: 'Sign in again',
  playground: 'Open the playground',
}

/** For each code of the server's table, what helps; the first is the one to try first. Total: the compiler and a test hold it. */
export const REMEDIES: Record<ErrorCode, readonly Remedy[]> = {
  bad_request: ['hint'],
  invalid_json: ['retry'],
  unauthorized: ['sign_in'],
  forbidden: ['sign_in'],
  missing_scope: ['sign_in'],
  owner_only: ['sign_in'],
  sign_in_refused: ['sign_in'],
  sign_in_elsewhere: ['sign_in'],
  too_many_tries: ['retry'],
  invitation_not_found: ['sign_in'],
  email_taken: ['sign_in'],
  last_owner: ['retry'],
  user_not_found: ['retry'],
  session_not_found: ['retry'],
  key_not_found: ['retry'],
  not_found: ['retry'],
  file_not_found: ['other_picture'],
  job_not_found: ['other_picture'],
  output_not_found: ['retry'],
  method_not_allowed: ['retry'],
  job_state_conflict: ['retry'],
  idempotency_conflict: ['retry'],
  payload_too_large: ['other_picture'],
  file_too_large: ['other_picture'],
  too_many_pixels: ['other_picture'],
  empty_file: ['other_picture'],
  missing_file: ['other_picture'],
  unsupported_media_type: ['other_picture'],
  undecodable_image: ['other_picture'],
  invalid_field: ['hint'],
  prompt_too_long: ['hint'],
  code_too_long: ['playground'],
  no_model: ['models', 'retry'],
  address_refused: ['retry'],
  mail_off: ['retry'],
  channel_off: ['retry'],
  wrong_code: ['retry'],
  too_busy: ['retry'],
  limit_reached: ['retry'],
  internal_error: ['retry'],
  not_ready: ['retry'],
  service_unreachable: ['retry'],
  storage_unavailable: ['retry'],
  jail_unavailable: ['retry'],
  model_unavailable: ['retry', 'models'],
  model_rate_limited: ['retry', 'models'],
  model_refused: ['hint', 'models'],
  model_timeout: ['retry', 'models'],
  model_answer_unusable: ['retry', 'hint', 'models'],
  review_blocked: ['hint', 'edit_code', 'retry'],
  run_failed: ['retry', 'edit_code', 'hint'],
  run_timeout: ['raise_limit', 'edit_code', 'hint'],
  run_out_of_memory: ['edit_code', 'other_picture', 'hint'],
  run_output_limit: ['edit_code', 'hint'],
  look_failed: ['retry', 'other_picture'],
  job_timeout: ['retry', 'hint'],
  budget_reached: ['raise_limit', 'models', 'retry'],
  job_cancelled: ['retry'],
  worker_failed: ['retry'],
}

/** Failures of what a model did or wrote: another one may do better. */
const OF_MODELS: ReadonlySet<string> = new Set<ErrorCode>([
  'model_unavailable',
  'model_rate_limited',
  'model_refused',
  'model_timeout',
  'model_answer_unusable',
  'review_blocked',
  'run_failed',
  'run_timeout',
  'run_out_of_memory',
  'run_output_limit',
  'budget_reached',
])

/** Whether another model may do better where one gave this failure. */
export const otherModelHelps = (code: string) => OF_MODELS.has(code)

/** What helps against a failure; a code that this app is too old to know can be retried. */
export const remediesFor = (code: string): readonly Remedy[] =>
  (REMEDIES as Record<string, readonly Remedy[]>)[code] ?? ['retry']
