package watch

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// maxLinks bounds the symbolic links on the way to a file, as Linux does.
const maxLinks = 40

// coarse is the coarsest time stamp of a file system. A file that was written so shortly ago may be written again and
// look the same.
const coarse = 2 * time.Second

// sight is how a file looked.
type sight struct {
	path  string      // without symbolic links; empty when there is no such file
	info  fs.FileInfo // nil when there is no such file
	young bool        // so that the next look differs, see coarse
}

func (s sight) same(other sight) bool {
	if s.info == nil || other.info == nil {
		return s.info == nil && other.info == nil
	}
	return s.path == other.path && s.young == other.young && os.SameFile(s.info, other.info) &&
		s.info.Size() == other.info.Size() && s.info.ModTime().Equal(other.info.ModTime())
}

// view is what one look at all files found.
type view struct {
	sights  map[string]sight       // by file, as it was given
	folders map[string]fs.FileInfo // in which a file, a link to it, or what is missing on the way to it can change
	names   map[string]bool        // of everything on the ways
	whole   map[string]bool        // folders that are watched themselves: everything in them matters
}

func lookAt(files []string) view {
	v := view{sights: map[string]sight{}, folders: map[string]fs.FileInfo{}, names: map[string]bool{}, whole: map[string]bool{}}
	for _, file := range files {
		v.sights[file] = v.follow(file)
	}
	return v
}

// follow goes the way to a file as the kernel does, one name after the other.
func (v view) follow(file string) sight {
	folder, names := string(filepath.Separator), split(file)
	for links := 0; len(names) > 0; {
		name := names[0]
		names = names[1:]
		if name == ".." {
			folder = filepath.Dir(folder)
			continue
		}
		v.names[name] = true
		path := filepath.Join(folder, name)
		info, err := os.Lstat(path)
		switch {
		case err == nil && info.Mode().Type() == fs.ModeSymlink:
			v.add(folder)
			target, err := os.Readlink(path)
			if links++; err != nil || links > maxLinks {
				return sight{}
			}
			if filepath.IsAbs(target) {
				folder = string(filepath.Separator)
			}
			names = append(split(target), names...)
		case err == nil && info.IsDir() && len(names) > 0:
			folder = path
		case err == nil && len(names) == 0:
			v.add(folder)
			if info.IsDir() {
				v.add(path)
				v.whole[path] = true
			}
			return sight{path: path, info: info, young: time.Since(info.ModTime()) < coarse}
		default: // missing, or a file where a folder should be
			v.add(folder)
			return sight{}
		}
	}
	return sight{}
}

// add notes a folder to be watched. One that has just gone is found out by the next look.
func (v view) add(folder string) {
	if v.folders[folder] != nil {
		return
	}
	if info, err := os.Lstat(folder); err == nil {
		v.folders[folder] = info
	}
}

// sameWays says whether the same folders and names are to be watched as of another view.
func (v view) sameWays(other view) bool {
	return maps.Equal(v.names, other.names) && maps.Equal(v.whole, other.whole) && maps.EqualFunc(v.folders, other.folders, os.SameFile)
}

// missing says whether a file is not there.
func (v view) missing() bool {
	for _, sight := range v.sights {
		if sight.info == nil {
			return true
		}
	}
	return false
}

// split cuts a path into its names.
func split(path string) []string {
	names := strings.FieldsFunc(path, func(r rune) bool { return r == filepath.Separator })
	return slices.DeleteFunc(names, func(name string) bool { return name == "." })
}
