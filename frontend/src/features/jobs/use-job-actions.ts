import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from 'react-router'
import { useApi, useConfig } from '@/api/context'
import { problemOf } from '@/api/problem'
import type { Job, JobOptions, ModelChoice } from '@/api/types'
import { showToast } from '@/lib/toast'
import { cancelJob, deleteJob, oneJob, retryJob } from './api'
import { limitOf, raised } from './raise'

/** What can be done with a job. */
export function useJobActions(id: string) {
  const api = useApi()
  const { limits } = useConfig()
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
  const retrying = useMutation({
    mutationFn: (change: Partial<JobOptions>) => retryJob(api, id, change),
    onSuccess: open,
    onError,
  })
  const retry = () => retrying.mutate({})
  /** The same with more of what was used up. */
  const retryHigher = (job: Job) => retrying.mutate(raised(job.options, limitOf(job), limits))
  /** The same with other models. */
  const retryWith = (models: ModelChoice) => retrying.mutate({ models })
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
  return { stop, retrying, retry, retryHigher, retryWith, remove }
}
