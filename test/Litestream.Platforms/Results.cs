using Xunit.Abstractions;

namespace Litestream.Platforms;

/// <summary>Prints what fails when it fails, and what was skipped and why at the end.</summary>
internal sealed class Results(TextWriter output) : IMessageSink, IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<string> _failed = [];
    private readonly SortedDictionary<string, List<string>> _skipped = new(StringComparer.Ordinal);
    private readonly Dictionary<string, long> _running = new(StringComparer.Ordinal);
    private long _lastSign = Environment.TickCount64;
    private int _passed;

    public ManualResetEvent Finished { get; } = new(initialState: false);

    /// <summary>Waits for the end of the run. One in which nothing begins or ends for so long hangs, and is given up.</summary>
    /// <returns>False if it hangs; what ran then has failed.</returns>
    public bool Wait(TimeSpan patience)
    {
        while (!Finished.WaitOne(TimeSpan.FromSeconds(5)))
        {
            lock (_lock)
            {
                if (Environment.TickCount64 - _lastSign > patience.TotalMilliseconds)
                {
                    foreach (var name in _running.Keys)
                    {
                        _failed.Add($"{name} (it hung)");
                    }

                    return false;
                }
            }
        }

        return true;
    }

    public bool OnMessage(IMessageSinkMessage message)
    {
        lock (_lock)
        {
            _lastSign = Environment.TickCount64;
            switch (message)
            {
                case ITestStarting starting:
                    _running[starting.Test.DisplayName] = _lastSign;
                    break;
                case ITestFinished finished:
                    _running.Remove(finished.Test.DisplayName);
                    break;
                case ITestPassed passed:
                    _passed++;
                    if (passed.ExecutionTime > 30)
                    {
                        output.WriteLine($"{passed.ExecutionTime:0} s: {passed.Test.DisplayName}");
                    }

                    break;
                case ITestFailed failed:
                    Failed(failed.Test.DisplayName, failed);
                    break;
                case ITestSkipped skipped:
                    if (!_skipped.TryGetValue(skipped.Reason, out var tests))
                    {
                        _skipped.Add(skipped.Reason, tests = []);
                    }

                    tests.Add(skipped.Test.DisplayName);
                    break;
                case IErrorMessage error:
                    Failed("the run", error);
                    break;
                case ITestClassCleanupFailure cleanup:
                    Failed(cleanup.TestClass.Class.Name, cleanup);
                    break;
                case ITestAssemblyFinished:
                    Finished.Set();
                    break;
            }
        }

        return true;
    }

    /// <summary>Prints the sums.</summary>
    /// <returns>The exit code: 0 if nothing failed and something ran.</returns>
    public int Close()
    {
        foreach (var (reason, tests) in _skipped)
        {
            output.WriteLine($"skipped {tests.Count}, because: {reason}");
        }

        foreach (var name in _failed)
        {
            output.WriteLine($"FAILED {name}");
        }

        output.WriteLine($"{_passed} passed, {_failed.Count} failed, {_skipped.Values.Sum(tests => tests.Count)} skipped");
        return _failed.Count == 0 && _passed > 0 ? 0 : 1;
    }

    public void Dispose() => Finished.Dispose();

    private void Failed(string name, IFailureInformation failure)
    {
        _failed.Add(name);
        output.WriteLine($"FAILED {name}\n{string.Join("\n", failure.ExceptionTypes.Zip(failure.Messages, (type, text) => $"{type}: {text}"))}\n{string.Join("\n", failure.StackTraces)}\n");
    }
}
