import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from 'react-router'
import { useApi, useConfig } from '@/api/context'
import { problemOf } from '@/api/problem'
import type { Job } from '@/api/types'
import { showToast } from '@/lib/toast'
import { cancelJob, createJob, deleteJob, oneJob, retryJob } from './api'

/** What can be done with a job. */
export function useJobActions(id: string) {
  const api = useApi()
  const { max_run_seconds } = useConfig().limits
  const cache = useQueryClient()
  const navigate = useNavigate()
  const onError = (error: unknown) => {
    const { detail, advice } = problemOf(error)
    showToast({ tone: 'error', title: detail, detail: advice })
  }
  const open = (job: Job) => {
    cache.setQueryData(oneJob(api, job.id).queryKey, job)
    void cache.invalidateQueries({ queryKey: ['jobs', 'recent'] })
    void cache.invalidateQueries({ queryKey: ['jobs', 'pages'] })
    void navigate(`/jobs/${job.id}`)
  }
  const stop = useMutation({
    mutationFn: () => cancelJob(api, id),
    onSuccess: () => void cache.invalidateQueries({ queryKey: ['jobs'] }),
    onError,
  })
  const retry = useMutation({ mutationFn: () => retryJob(api, id), onSuccess: open, onError })
  const retryLongest = useMutation({
    mutationFn: (job: Job) => {
      const options = { ...job.options, run_timeout_seconds: max_run_seconds }
      return createJob(api, { file_ids: job.file_ids, prompt: job.prompt, options }, crypto.randomUUID())
    },
    onSuccess: open,
    onError,
  })
  const remove = useMutation({
    mutationFn: () => deleteJob(api, id),
    onSuccess: () => {
      cache.removeQueries({ queryKey: ['jobs', 'one', id] })
      void cache.invalidateQueries({ queryKey: ['jobs', 'recent'] })
      void cache.invalidateQueries({ queryKey: ['jobs', 'pages'] })
      void navigate('/jobs')
    },
    onError,
  })
  return { stop, retry, retryLongest, remove }
}
