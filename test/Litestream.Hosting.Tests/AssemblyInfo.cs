// An OpenTelemetry provider listens to every meter of a name in its process, those of other hosts too, and stops
// exporting an instrument when one of that name is disposed. One host at a time then, but where a test says otherwise.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
