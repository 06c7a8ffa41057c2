using Xunit.Abstractions;

namespace Litestream.Platforms;

/// <summary>What xunit asks about a run; what is not in here is as xunit has it.</summary>
internal sealed class Settings : Dictionary<string, object?>, ITestFrameworkDiscoveryOptions, ITestFrameworkExecutionOptions
{
    public const string MaxParallelThreads = "xunit.execution.MaxParallelThreads";

    public TValue GetValue<TValue>(string name) => TryGetValue(name, out var value) ? (TValue)value! : default!;

    public void SetValue<TValue>(string name, TValue value) => this[name] = value;
}
