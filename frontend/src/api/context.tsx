import { createContext, type ReactNode, useContext, useEffect, useMemo, useRef } from 'react'
import { useAuth } from '@/auth/context'
import { type Api, createApi, createSend, type Send } from './client'
import type { Config } from './types'

type Server = { api: Api; send: Send; config: Config }
const Context = createContext<Server | null>(null)

/** Gives everything below the typed client, the proving fetch and what the server said about itself. */
export function ApiProvider({ config, children }: { config: Config; children: ReactNode }) {
  const { getToken } = useAuth()
  const current = useRef(getToken)
  useEffect(() => {
    current.current = getToken
  })
  const value = useMemo(() => {
    const send = createSend((options) => current.current(options))
    return { send, api: createApi(send), config }
  }, [config])
  return <Context value={value}>{children}</Context>
}

function useServer(): Server {
  const server = useContext(Context)
  if (!server) throw new Error('useApi must be used inside <ApiProvider>')
  return server
}

/** The typed client. */
export const useApi = () => useServer().api
/** The fetch that proves who is asking. */
export const useSend = () => useServer().send
/** What the server said about itself. */
export const useConfig = () => useServer().config
