using System.Runtime.CompilerServices;
using Litestream.Restore;
using Litestream.Wal;

namespace Litestream.Storage;

/// <summary>Counts what the whole process holds, so nothing else runs beside it.</summary>
[Collection(nameof(LargeBufferTests))]
[CollectionDefinition(nameof(LargeBufferTests), DisableParallelization = true)]
public sealed class LargeBufferTests
{
    private const int Threads = 12;

    [Fact]
    public void What_many_threads_have_read_is_not_held_by_each_of_them_afterwards()
    {
        var random = new byte[4 << 20];
        new Random(1).NextBytes(random);
        var stored = SyntheticHistory.Encode(random, []);
        using var done = new CountdownEvent(Threads);
        using var end = new ManualResetEventSlim();
        var before = Held();

        var threads = Enumerable.Range(0, Threads).Select(_ => new Thread(() =>
        {
            Decode(stored);
            done.Signal();
            end.Wait();
        })).ToList();
        threads.ForEach(thread => thread.Start());
        done.Wait(TimeSpan.FromMinutes(1)).Should().BeTrue();
        var after = Held();
        end.Set();
        threads.ForEach(thread => thread.Join());

        (after - before).Should().BeLessThan(Threads * (4 << 20) / 2);
    }

    [Fact]
    public void A_buffer_that_was_given_back_is_used_again()
    {
        const int Length = (9 << 20) + 1;
        var first = LargeBuffers.Rent(Length);
        LargeBuffers.Return(first);
        var second = LargeBuffers.Rent(Length - 1000);
        var third = LargeBuffers.Rent(Length);

        second.Should().BeSameAs(first);
        third.Should().NotBeSameAs(first);
        third.Length.Should().BeGreaterThanOrEqualTo(Length);
        LargeBuffers.Rent(200_000).Length.Should().BeLessThan(1 << 20, "a large one is not for something small");
        GC.KeepAlive(first);
    }

    // A method of its own: nothing of it is on the stack afterwards.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Decode(byte[] stored)
    {
        using var decoder = Lz4Frame.OpenDecoder(new MemoryStream(stored), "key");
        decoder.CopyTo(Stream.Null);
    }

    private static long Held()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        var left = GC.GetGCMemoryInfo(GCKind.FullBlocking);
        return left.HeapSizeBytes - left.FragmentedBytes;
    }
}
