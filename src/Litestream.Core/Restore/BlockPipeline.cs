using System.Threading.Channels;
using Litestream.Storage;

namespace Litestream.Restore;

/// <summary>
/// Passes the blocks of a stream through stages that work at the same time, each on one block after the other and in their
/// order: while one block is written, the next is hashed and the one behind it decompressed.
/// </summary>
internal static class BlockPipeline
{
    // A block of an LZ4 frame of ours, which is then decompressed to where it is worked on.
    private const int BlockBytes = Lz4Frame.BlockSize;

    // So many in all, wherever they are, for each stage one and one on its way: that is the memory it takes.
    private const int Blocks = 4;

    /// <summary>Runs until the stream ends, or the first of them fails.</summary>
    public static async Task RunAsync(Stream source, CancellationToken cancellationToken, params Action<ReadOnlyMemory<byte>>[] stages)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var channels = new Channel<Memory<byte>>[stages.Length + 1];
        for (var i = 0; i < channels.Length; i++)
        {
            channels[i] = Channel.CreateBounded<Memory<byte>>(new BoundedChannelOptions(Blocks) { SingleReader = true, SingleWriter = true });
        }

        // The last channel leads back: what is through is read into again.
        var free = channels[^1];
        for (var i = 0; i < Blocks; i++)
        {
            free.Writer.TryWrite(GC.AllocateUninitializedArray<byte>(BlockBytes));
        }

        var running = new Task[stages.Length + 1];
        running[0] = ReadAsync(source, free.Reader, channels[0].Writer, stop);
        for (var i = 0; i < stages.Length; i++)
        {
            running[i + 1] = WorkAsync(stages[i], channels[i].Reader, channels[i + 1].Writer, stop);
        }

        try
        {
            await Task.WhenAll(running).ConfigureAwait(false);
        }
        catch (Exception) when (running.FirstOrDefault(task => task.IsFaulted) is { } failed)
        {
            // The others were only told to stop.
            await failed.ConfigureAwait(false);
            throw;
        }
    }

    private static async Task ReadAsync(
        Stream source, ChannelReader<Memory<byte>> free, ChannelWriter<Memory<byte>> filled, CancellationTokenSource stop)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            while (true)
            {
                var block = (await free.ReadAsync(stop.Token).ConfigureAwait(false)).Whole();
                var read = await source.ReadAtLeastAsync(block, block.Length, throwOnEndOfStream: false, stop.Token).ConfigureAwait(false);
                if (read > 0)
                {
                    await filled.WriteAsync(block[..read], stop.Token).ConfigureAwait(false);
                }

                if (read < block.Length)
                {
                    filled.Complete();
                    return;
                }
            }
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static async Task WorkAsync(
        Action<ReadOnlyMemory<byte>> stage, ChannelReader<Memory<byte>> input, ChannelWriter<Memory<byte>> output, CancellationTokenSource stop)
    {
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        try
        {
            await foreach (var block in input.ReadAllAsync(stop.Token).ConfigureAwait(false))
            {
                stage(block);
                await output.WriteAsync(block, stop.Token).ConfigureAwait(false);
            }

            output.TryComplete();
        }
        catch
        {
            await stop.CancelAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static Memory<byte> Whole(this Memory<byte> block) =>
        System.Runtime.InteropServices.MemoryMarshal.TryGetArray<byte>(block, out var part) ? part.Array : block;
}
