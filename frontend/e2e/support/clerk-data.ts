/** What Clerk's Frontend API says of an instance with e-mail and password, and of its one user. Its own defaults do the rest. */

const NOW = Date.now()
const DAY_MS = 86_400_000

const attribute = (more: object = {}) => ({
  enabled: false,
  required: false,
  used_for_first_factor: false,
  first_factors: [],
  used_for_second_factor: false,
  second_factors: [],
  verifications: [],
  verify_at_sign_up: false,
  ...more,
})

export const ENVIRONMENT = {
  object: 'environment',
  auth_config: { object: 'auth_config', id: 'aac_1', single_session_mode: true },
  display_config: {
    object: 'display_config',
    id: 'disp_1',
    application_name: 'Darkroom',
    instance_environment_type: 'development',
    branded: false,
    preferred_sign_in_strategy: 'password',
    sign_in_url: '',
    sign_up_url: '',
    theme: { general: {}, buttons: {}, accounts: {} },
    support_email: '',
  },
  user_settings: {
    attributes: {
      email_address: attribute({
        enabled: true,
        required: true,
        used_for_first_factor: true,
        first_factors: ['email_code'],
        verifications: ['email_code'],
        verify_at_sign_up: true,
      }),
      password: attribute({ enabled: true, required: true }),
    },
    password_settings: {},
    username_settings: {},
    social: {},
  },
  organization_settings: { enabled: false },
  commerce_settings: { billing: { user: { enabled: false }, organization: { enabled: false } } },
}

export const USER = {
  object: 'user',
  id: 'user_1',
  first_name: 'Ada',
  last_name: 'Lovelace',
  username: null,
  has_image: false,
  image_url: '',
  primary_email_address_id: 'idn_1',
  email_addresses: [
    {
      object: 'email_address',
      id: 'idn_1',
      email_address: 'ada@example.org',
      linked_to: [],
      verification: { object: 'verification', status: 'verified', strategy: 'email_code' },
    },
  ],
  phone_numbers: [],
  web3_wallets: [],
  external_accounts: [],
  enterprise_accounts: [],
  passkeys: [],
  organization_memberships: [],
  password_enabled: true,
  two_factor_enabled: false,
  public_metadata: {},
  unsafe_metadata: {},
  created_at: NOW,
  updated_at: NOW,
}

/** A session comes with a token, as from Clerk: without its claims the browser's side takes the state for broken. */
export const session = (jwt: string) => ({
  object: 'session',
  id: 'sess_1',
  status: 'active',
  expire_at: NOW + 7 * DAY_MS,
  abandon_at: NOW + 30 * DAY_MS,
  last_active_at: Date.now(),
  last_active_token: { object: 'token', jwt },
  last_active_organization_id: null,
  actor: null,
  tasks: null,
  factor_verification_age: [0, -1],
  user: USER,
  public_user_data: {
    first_name: 'Ada',
    last_name: 'Lovelace',
    identifier: 'ada@example.org',
    user_id: 'user_1',
    has_image: false,
    image_url: '',
  },
  created_at: NOW,
  updated_at: NOW,
})

export const signIn = (status: 'needs_first_factor' | 'complete') => ({
  object: 'sign_in',
  id: 'sia_1',
  status,
  identifier: 'ada@example.org',
  supported_identifiers: ['email_address'],
  supported_first_factors: [{ strategy: 'password' }],
  supported_second_factors: null,
  first_factor_verification: null,
  second_factor_verification: null,
  user_data: null,
  created_session_id: status === 'complete' ? 'sess_1' : null,
})

export const client = (signedIn: boolean, attempt: object | null, jwt: string) => ({
  object: 'client',
  id: 'client_1',
  sessions: signedIn ? [session(jwt)] : [],
  sign_in: attempt,
  sign_up: null,
  last_active_session_id: signedIn ? 'sess_1' : null,
  last_authentication_strategy: null,
  cookie_expires_at: null,
  captcha_bypass: true,
  created_at: NOW,
  updated_at: Date.now(),
})

export const WRONG_PASSWORD = {
  errors: [
    {
      code: 'form_password_incorrect',
      message: 'Password is incorrect.',
      long_message: 'Password is incorrect. Try again, or use another method.',
      meta: { param_name: 'password' },
    },
  ],
}
