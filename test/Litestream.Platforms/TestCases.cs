using Xunit.Abstractions;

namespace Litestream.Platforms;

/// <summary>Collects what is found in an assembly.</summary>
internal sealed class TestCases : IMessageSink
{
    private readonly TaskCompletionSource _complete = new();
    private readonly List<ITestCase> _all = [];

    public bool OnMessage(IMessageSinkMessage message)
    {
        if (message is ITestCaseDiscoveryMessage found)
        {
            lock (_all)
            {
                _all.Add(found.TestCase);
            }
        }
        else if (message is IDiscoveryCompleteMessage)
        {
            _complete.SetResult();
        }

        return true;
    }

    /// <summary>Waits until all are found.</summary>
    public IReadOnlyList<ITestCase> All()
    {
        _complete.Task.GetAwaiter().GetResult();
        return _all;
    }
}
