export { ModelsPage as Component } from '@/features/models/models-page'
