import type { components } from './schema.gen'

type Schemas = components['schemas']

export type Problem = Schemas['ProblemBody']
export type ErrorCode = Schemas['ErrorCode']
export type Failure = Schemas['Failure']
export type FileView = Schemas['FileView']
export type JobOptions = Schemas['JobOptions']
export type JobState = Schemas['JobState']
export type Finding = Schemas['Finding']
export type OutputFile = Schemas['OutputFile']
export type Review = Schemas['ReportReview']
export type ModelRole = Schemas['ModelRole']
export type ModelChoice = Schemas['ModelChoice']
export type ModelState = Schemas['ModelState']
export type ModelTried = Schemas['ModelTried']
export type ExecutionAnswer = Schemas['ExecutionAnswer']
export type ExecutionBody = Schemas['ExecutionBody']
export type SandboxHealth = Schemas['SandboxHealth']
export type EnvironmentAnswer = Schemas['EnvironmentAnswer']
export type PictureKind = Schemas['PictureKind']

/** What the server says about itself. */
export type Config = Schemas['Config']

/** Who asks. */
export type Me = Schemas['Me']

/** A job. */
export type Job = Schemas['JobView']

/** One measure of how well a round met what was asked for. */
export type Measure = Schemas['Measure']

/** One round of writing code and judging what it made. */
export type Round = Schemas['Round']

/** The proof for one picture: how many values were read and could be checked. */
export type PictureProof = Schemas['Proof']

/** Everything a job gives. */
export type Results = Schemas['JobReport']

/** How many values of a proof there are, and how many of them could not be borne out by the picture. */
export const counted = (proofs: readonly PictureProof[] | undefined) =>
  (proofs ?? []).reduce(
    (sum, { values }) => ({
      total: sum.total + (values?.total ?? 0),
      doubtful: sum.doubtful + (values ? values.total - values.trusted : 0),
    }),
    { total: 0, doubtful: 0 },
  )

/** A point of an axis: where it stands in the picture, and what value it has. */
export type AxisPoint = { pixel: number; value: number; text?: string }

/** How pixels become values along one direction. */
export type Axis = { scale: string; label?: string | null; points: AxisPoint[] }

/** A value that was read, with where it stands in the picture. */
export type ReadValue = {
  series: string
  at: string | number
  value: number | null
  error?: number | null
  px: [number, number] | null
  residual_px?: number | null
  trusted: boolean
  why?: string | null
}

/** The content of a proof's overlay file. */
export type Overlay = {
  picture: { width: number; height: number }
  calibration: { x?: Axis | null; y?: Axis | null } | null
  values: ReadValue[]
}
