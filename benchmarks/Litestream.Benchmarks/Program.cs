using BenchmarkDotNet.Running;
using Litestream.Benchmarks;

// dotnet run -c Release --project benchmarks/Litestream.Benchmarks -- --filter '*'
return BenchmarkSwitcher.FromAssembly(typeof(WalChecksumBenchmarks).Assembly).Run(args).Any(summary => summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success)) ? 1 : 0;
