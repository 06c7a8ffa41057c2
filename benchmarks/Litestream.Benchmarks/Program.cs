using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Filters;
using BenchmarkDotNet.Running;
using Litestream.Benchmarks;

// dotnet run -c Release --project benchmarks/Litestream.Benchmarks -- --filter '*'
unsafe
{
    var compiled = CCompiler.Checksum is not null;
    var config = DefaultConfig.Instance.AddFilter(
        new SimpleFilter(benchmark => compiled || benchmark.Descriptor.WorkloadMethod.Name != nameof(WalChecksumBenchmarks.CLoop)));
    return BenchmarkSwitcher.FromAssembly(typeof(WalChecksumBenchmarks).Assembly).Run(args, config)
        .Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success)) ? 1 : 0;
}
