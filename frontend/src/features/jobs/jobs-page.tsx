export const JobsPage = () => null
