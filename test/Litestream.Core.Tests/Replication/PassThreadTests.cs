using System.Diagnostics;

namespace Litestream.Replication;

public sealed class PassThreadTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task What_waits_goes_on_in_a_thread_of_its_own()
    {
        var thread = new PassThread(Patience);

        var first = await ThreadOfNextAsync(thread);
        var second = await ThreadOfNextAsync(thread);

        first.Name.Should().Be("Litestream passes");
        second.Should().BeSameAs(first);
    }

    [Fact]
    public async Task Whoever_comes_while_it_is_at_work_goes_on_in_the_pool()
    {
        var thread = new PassThread(Patience);
        using var working = new ManualResetEventSlim();
        using var end = new ManualResetEventSlim();
        var busy = new TaskCompletionSource();
        var held = GoOnAsync(busy, () =>
        {
            working.Set();
            end.Wait();
        });
        thread.Complete(busy);
        working.Wait(Patience).Should().BeTrue();

        var next = new TaskCompletionSource();
        var inPool = false;
        var gone = GoOnAsync(next, () => inPool = Thread.CurrentThread.IsThreadPoolThread);
        thread.Complete(next);
        await gone.WaitAsync(Patience);

        inPool.Should().BeTrue();
        end.Set();
        await held.WaitAsync(Patience);
    }

    [Fact]
    public async Task It_ends_when_nothing_comes_and_begins_again()
    {
        var thread = new PassThread(TimeSpan.FromMilliseconds(1));
        var first = await ThreadOfNextAsync(thread);
        first.Join(Patience).Should().BeTrue();

        var second = await ThreadOfNextAsync(thread);

        second.Name.Should().Be(first.Name);
        second.Should().NotBeSameAs(first);
    }

    [Fact]
    public async Task Whatever_the_moment_nobody_is_forgotten()
    {
        // It ends as soon as it has nothing to do, so that many meet its end.
        var thread = new PassThread(TimeSpan.Zero);
        for (var i = 0; i < 300; i++)
        {
            var waiting = Enumerable.Range(0, 3).Select(_ => new TaskCompletionSource()).ToList();
            var all = waiting.ConvertAll(one => GoOnAsync(one, static () => { }));
            foreach (var one in waiting)
            {
                thread.Complete(one);
                thread.Complete(one); // as by a signal that is set again before the loop has looked
            }

            await Task.WhenAll(all).WaitAsync(Patience);
            Thread.SpinWait(i * 20);
        }
    }

    /// <summary>The thread in which the next one goes on that does not come while the last is still on its way back.</summary>
    private static async Task<Thread> ThreadOfNextAsync(PassThread thread)
    {
        for (var patience = Stopwatch.StartNew(); patience.Elapsed < Patience;)
        {
            var waiting = new TaskCompletionSource();
            Thread? its = null;
            var gone = GoOnAsync(waiting, () => its = Thread.CurrentThread);
            thread.Complete(waiting);
            await gone.WaitAsync(Patience);
            if (!its!.IsThreadPoolThread)
            {
                return its;
            }
        }

        throw new TimeoutException("It was never free.");
    }

    private static async Task GoOnAsync(TaskCompletionSource waiting, Action action)
    {
        await waiting.Task.ConfigureAwait(false);
        action();
    }
}
