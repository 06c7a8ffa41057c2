// A mistake that is made on purpose is made in the whole process.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
